import { createHash, randomBytes } from 'node:crypto';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const TOKEN = /^orion_[a-z0-9]{4,32}_[A-Za-z0-9_-]{43}$/;

export interface TokenSecret {
  /** Public: names the token in lists and logs. */
  id: string;
  /** Shown once; `orion_<id>_<32 random bytes>`. */
  token: string;
  /** What is stored. The secret has 256 random bits, so a fast hash is enough. */
  hash: string;
}

export function createTokenSecret(): TokenSecret {
  const id = randomText(10);
  const token = `orion_${id}_${randomBytes(32).toString('base64url')}`;
  return { id, token, hash: hashToken(token) };
}

export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** SHA-256 of the whole token, in hex. The timing of its lookup tells an attacker nothing. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Random lower-case base32: 5 bits per character. */
export function randomText(length: number): string {
  return Array.from(randomBytes(length), (byte) => ALPHABET[byte & 31]).join('');
}
