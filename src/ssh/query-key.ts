import type { ParsedKey } from 'ssh2';
import { parseKey } from './parse-key.ts';

const MODEL_TYPE = 'ssh-ed25519';
// Any well-formed public key that ssh2 can read.
const MODEL = `${MODEL_TYPE} ${Buffer.concat([
  Buffer.from([0, 0, 0, 11]),
  Buffer.from(MODEL_TYPE),
  Buffer.from([0, 0, 0, 32]),
  Buffer.alloc(32),
]).toString('base64')}`;

/** A client's public key in the form that ssh2 offers to a server; null when it is not a key. */
export function parseQueryKey(text: string): ParsedKey | null {
  const [type = '', base64 = ''] = text.trim().split(/\s+/);
  if (type.startsWith('sk-')) return createSecurityKey(type, Buffer.from(base64, 'base64'));
  const parsed = parseKey(`${type} ${base64}`);
  if (parsed instanceof Error) return null;
  return (Array.isArray(parsed) ? parsed[0] : parsed) ?? null;
}

/**
 * ssh2 can't read the keys of security keys, but a query sends only a key's name and bytes. So these override
 * those of a key that ssh2 can read, because it looks for that key's hidden marks.
 */
function createSecurityKey(type: string, blob: Buffer): ParsedKey | null {
  const length = blob.length < 4 ? 0 : blob.readUInt32BE(0);
  if (blob.toString('latin1', 4, 4 + length) !== type) return null;
  const model = parseKey(MODEL);
  if (model instanceof Error) return null;
  return Object.create(Array.isArray(model) ? (model[0] ?? null) : model, {
    type: { value: type },
    getPublicSSH: { value: () => blob },
  });
}
