import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { parsePublicKey } from '../core/text/public-key.ts';
import { CliError } from './cli-error.ts';
import { homeOf } from './config-file.ts';
import type { Io } from './io.ts';

/** The user's own key: what to send, and the path of its private half if known. */
export interface OwnKey {
  publicKey: string;
  privatePath: string | null;
}

/** `path` is either half of the pair. The private half is only recognized as one; its content is not used. */
export function readOwnKey(path: string): OwnKey {
  const text = readKeyFile(path);
  if (!text.startsWith('-----BEGIN')) {
    const privatePath = path.endsWith('.pub') ? path.slice(0, -'.pub'.length) : null;
    const isThere = privatePath !== null && existsSync(privatePath);
    return { publicKey: checkKey(text, path), privatePath: isThere ? resolve(privatePath) : null };
  }
  const publicPath = `${path}.pub`;
  if (!existsSync(publicPath)) {
    throw new CliError(`${path} is a private key, and its public half ${publicPath} is not beside it`, {
      hint: `make it with: ssh-keygen -y -f ${path} > ${publicPath}`,
    });
  }
  return { publicKey: checkKey(readKeyFile(publicPath), publicPath), privatePath: resolve(path) };
}

function readKeyFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CliError(`the key ${path} can't be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function checkKey(text: string, path: string): string {
  const parsed = parsePublicKey(text);
  if (!parsed.ok) throw new CliError(`${path}: ${parsed.message}`);
  return parsed.key;
}

/** The part of a rental that its key depends on. */
export interface Keyed {
  id: string;
  spec: { sshPublicKey: string };
}

/** Where the key to a rental is kept; null for an id that can't be a file name. */
function storedKeyPath(io: Io, rentalId: string): string | null {
  return stateFile(io, 'keys', rentalId);
}

/** Where data about a rental is kept here; null for an id that can't be a file name. */
export function stateFile(io: Io, kind: 'keys' | 'logins', rentalId: string): string | null {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(rentalId)) return null;
  const state = io.env.XDG_STATE_HOME || join(homeOf(io.env), '.local', 'state');
  return join(state, 'orion', kind, rentalId);
}

/** Where a key is kept until its rental is known. */
function newKeyPath(io: Io, publicKey: string): string {
  const [type, point] = publicKey.split(' ');
  const name = createHash('sha256').update(`${type} ${point}`).digest('hex').slice(0, 32);
  return storedKeyPath(io, `new_${name}`) as string;
}

/**
 * Saves a private key, readable only by its owner, before its public half is sent anywhere. However the request
 * ends, the user can log in to a rental made with it.
 */
export function keepNewKey(
  io: Io,
  { publicKey, privateKey }: { publicKey: string; privateKey: string },
): void {
  const path = newKeyPath(io, publicKey);
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
  writeFileSync(path, privateKey, { mode: 0o600 });
  chmodSync(path, 0o600);
}

/** For a key that was sent, but with which nothing was rented. */
export function forgetNewKey(io: Io, publicKey: string): void {
  rmSync(newKeyPath(io, publicKey), { force: true });
}

/** Moves a new key to its rental, which is now known; null: it was not made here. */
export function claimNewKey(io: Io, { id, spec }: Keyed): string | null {
  const from = newKeyPath(io, spec.sshPublicKey);
  if (!existsSync(from)) return null;
  const path = prepareStore(io, id);
  renameSync(from, path);
  return path;
}

/** Remembers the path of the user's own key, so that `orion ssh` finds it. */
export function linkKey(io: Io, rentalId: string, privatePath: string): string {
  const path = prepareStore(io, rentalId);
  symlinkSync(privatePath, path);
  return privatePath;
}

function prepareStore(io: Io, rentalId: string): string {
  const path = storedKeyPath(io, rentalId);
  if (path === null) throw new CliError('the rental has an id that this program does not understand');
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
  rmSync(path, { force: true });
  return path;
}

export function findStoredKey(io: Io, rental: Keyed): string | null {
  const path = storedKeyPath(io, rental.id);
  return path !== null && existsSync(path) ? path : claimNewKey(io, rental);
}

export function forgetKey(io: Io, { id, spec }: Keyed): void {
  const path = storedKeyPath(io, id);
  if (path !== null) rmSync(path, { force: true });
  rmSync(stateFile(io, 'logins', id) ?? '', { force: true });
  forgetNewKey(io, spec.sshPublicKey);
}
