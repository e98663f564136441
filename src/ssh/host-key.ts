import { createHash, timingSafeEqual } from 'node:crypto';
import type { ServerHostKeyAlgorithm } from 'ssh2';

const ALGORITHMS: ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];

/** `ssh-ed25519 AAAA…` from a key blob as received. */
export function formatHostKey(blob: Buffer): string {
  return `${readType(blob)} ${blob.toString('base64')}`;
}

/** `SHA256:…` as ssh-keygen -l prints it. */
export function computeFingerprint(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** The blob of `TYPE BASE64 [comment]`; null when it is not a key, so that a damaged pin matches nothing. */
export function parseHostKey(text: string): Buffer | null {
  const [type, base64] = text.trim().split(/\s+/);
  if (!type || !base64) return null;
  const blob = Buffer.from(base64, 'base64');
  return readType(blob) === type ? blob : null;
}

/** Compares whole keys, not fingerprints. */
export function isSameKey(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * What to request from the node: the algorithms of the expected key first, because a node with several keys shows
 * the one that its client prefers. The others follow only so that a node that no longer has that key shows its
 * current one, which is refused.
 */
export function listAlgorithms(expected: Buffer | null): ServerHostKeyAlgorithm[] {
  const type = expected && readType(expected);
  if (!type) return ALGORITHMS;
  const isOfType = (algorithm: string) =>
    type === 'ssh-rsa' ? algorithm.startsWith('rsa-') : algorithm === type;
  return [...ALGORITHMS.filter(isOfType), ...ALGORITHMS.filter((algorithm) => !isOfType(algorithm))];
}

function readType(blob: Buffer): string {
  if (blob.length < 4) return 'unknown';
  const type = blob.subarray(4, 4 + Math.min(blob.readUInt32BE(0), 64)).toString('latin1');
  return /^[a-z0-9@.-]+$/i.test(type) ? type : 'unknown';
}
