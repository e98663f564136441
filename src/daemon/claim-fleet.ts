import type { FleetIdentity } from '../core/model/fleet-identity.ts';
import type { Logger } from '../core/ports/log.ts';
import {
  createFleetIdentity,
  FleetIdentityError,
  readFleetIdentity,
  writeFleetIdentity,
} from '../secrets/fleet-identity-file.ts';
import type { Pool } from '../store/connection/pool.ts';
import { ensureFleetId } from '../store/statements/fleets.ts';

/**
 * Determines which fleet this is. The file beside the control key outlives the database, and the database
 * outlives the file. Each supplies what the other lacks, so that a fresh or restored database of the same fleet
 * is the same fleet. The database goes first, because all daemons share it. When the two name different fleets,
 * nobody can tell which one is meant.
 */
export async function claimFleet(pool: Pool, path: string, logger: Logger): Promise<FleetIdentity> {
  const kept = await readFleetIdentity(path);
  const wanted = kept ?? createFleetIdentity();
  const id = await pool.withConnection((session) => ensureFleetId(session, wanted.id));
  const identity = kept ?? (await writeFleetIdentity(path, { ...wanted, id }));
  if (identity.id !== id) {
    throw new FleetIdentityError(
      `the database belongs to the fleet ${id}, but ${path} says ${identity.id}: point ORION_DATABASE_URL or ORION_FLEET_IDENTITY to the right one; nothing was changed`,
    );
  }
  if (kept === null)
    logger.info({ fleet: id, path }, 'the identity of the fleet is stored beside the control key');
  return identity;
}
