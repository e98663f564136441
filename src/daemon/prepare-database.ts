import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import type { FleetIdentity } from '../core/model/fleet-identity.ts';
import type { Logger } from '../core/ports/log.ts';
import {
  createFleetIdentity,
  FleetIdentityError,
  readFleetIdentity,
  writeFleetIdentity,
} from '../secrets/fleet-identity-file.ts';
import { findStoreError } from '../store/connection/errors.ts';
import type { Pool } from '../store/connection/pool.ts';
import { findSchemaProblem, migrate } from '../store/migration/migrate.ts';
import { ensureFleetId } from '../store/statements/fleets.ts';
import { createTokenOnce } from '../store/statements/tokens.ts';

export interface PrepareOptions {
  /** The API's half may lack the right to change tables: then it waits until the other half has done so. */
  migrates: boolean;
  firstToken: Config['firstToken'];
  now: () => Date;
  /** Where the fleet's identity is kept; null: this process acts on no node and need not know it. */
  identityPath?: string | null;
}

/**
 * Returns once the database is usable, or the signal has come. Waits for a database that is not there yet, and
 * logs that. Rejects for a schema that this program can't run on.
 */
export async function prepareDatabase(
  pool: Pool,
  { migrates, firstToken, now, identityPath = null }: PrepareOptions,
  logger: Logger,
  signal: AbortSignal,
): Promise<FleetIdentity | null> {
  const step = async () => {
    if (migrates) await applyMigrations(pool, logger);
    else await awaitSchema(pool, logger, signal);
    if (firstToken && !signal.aborted) await ensureFirstToken(pool, firstToken, now());
    return identityPath === null || signal.aborted ? null : await claimFleet(pool, identityPath, logger);
  };
  while (!signal.aborted) {
    try {
      return await step();
    } catch (error) {
      const failure = findStoreError(error);
      if (!failure || failure.kind === 'rejected') throw error;
      logger.warn({ code: failure.code }, 'waiting for the database');
      await sleep(1_000, undefined, { signal }).catch(() => undefined);
    }
  }
  return null;
}

async function applyMigrations(pool: Pool, logger: Logger): Promise<void> {
  const applied = await migrate(pool);
  if (applied.length > 0) logger.info({ applied }, 'migrations applied');
}

async function awaitSchema(pool: Pool, logger: Logger, signal: AbortSignal): Promise<void> {
  let logged = '';
  while (!signal.aborted) {
    const problem = await pool.withConnection(findSchemaProblem);
    if (problem === null) return;
    if (problem !== logged) logger.warn({ problem }, 'waiting for the schema');
    logged = problem;
    await sleep(500, undefined, { signal }).catch(() => undefined);
  }
}

type FirstToken = NonNullable<Config['firstToken']>;

async function ensureFirstToken(pool: Pool, { id, hash }: FirstToken, now: Date): Promise<void> {
  const token = { id, hash, tenant: 'operator', role: 'admin', name: 'made by orion init' } as const;
  await pool.withConnection((session) =>
    createTokenOnce(session, { ...token, createdAt: now, expiresAt: null }),
  );
}

/**
 * Determines which fleet this is. The file beside the control key outlives the database, and the database
 * outlives the file. Each supplies what the other lacks, so that a fresh or restored database of the same fleet
 * is the same fleet. The database goes first, because all daemons share it. When the two name different fleets,
 * nobody can tell which one is meant.
 */
async function claimFleet(pool: Pool, path: string, logger: Logger): Promise<FleetIdentity> {
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
