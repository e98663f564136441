import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type FleetIdentity, formatFleetIdentity, parseFleetIdentity } from '../core/model/fleet-identity.ts';

/** Shown to the operator; it contains no secret. */
export class FleetIdentityError extends Error {}

export function createFleetIdentity(id = `f_${randomBytes(12).toString('hex')}`): FleetIdentity {
  return { id, secret: randomBytes(32).toString('base64') };
}

/** Null when there is none. An unreadable one is not replaced: the nodes would take this Orion for another one. */
export async function readFleetIdentity(path: string): Promise<FleetIdentity | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    const how = code === 'EISDIR' ? 'is a folder; mount the file that `orion init` makes' : code;
    throw new FleetIdentityError(`the identity of the fleet can't be read from ${path}: ${how}`);
  }
  const identity = parseFleetIdentity(text);
  if (identity === null) {
    throw new FleetIdentityError(
      `${path} does not hold the identity of a fleet (f_…:SECRET); restore it, or remove it to have the id in the database written there with a new secret`,
    );
  }
  return identity;
}

/** Returns the one that is there in the end: this, or that of a faster daemon. Written whole or not at all. */
export async function writeFleetIdentity(path: string, identity: FleetIdentity): Promise<FleetIdentity> {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(`${formatFleetIdentity(identity)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    // Unlike a rename, it replaces nothing.
    await link(temporary, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') {
      throw new FleetIdentityError(
        `the identity of the fleet can't be stored in ${path}: ${code}; make it there with \`orion init\`, or set ORION_FLEET_IDENTITY to a writable path`,
      );
    }
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
  return (await readFleetIdentity(path)) ?? identity;
}
