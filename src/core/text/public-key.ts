/** The types of public key that a client may give; certificates, DSA and unknown ones are refused. */
const PUBLIC_KEY_TYPES = [
  'ssh-ed25519',
  'ssh-rsa',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
] as const;
export type PublicKeyType = (typeof PUBLIC_KEY_TYPES)[number];

export type PublicKeyResult = { ok: true; type: PublicKeyType; key: string } | { ok: false; message: string };

const MIN_RSA_BITS = 2_048;
const MAX_RSA_BITS = 16_384;
const POINT_BYTES: Record<string, number> = { nistp256: 65, nistp384: 97, nistp521: 133 };

/** Thrown and caught only in this file: the checks below stop at the first problem. */
class RefusedKey extends Error {}

/**
 * Parses one line of an OpenSSH public key file and rebuilds it from its parts (`TYPE BASE64`), so that nothing but
 * a key can ever reach a node's authorized_keys file. The comment is dropped; options are refused, not dropped,
 * because a client who writes `from="…"` relies on it.
 */
export function parsePublicKey(text: string): PublicKeyResult {
  try {
    const line = text.trim();
    if (line === '') throw new RefusedKey('the public key is empty');
    if (/[\r\n]/.test(line)) throw new RefusedKey('a public key is one line');
    if (line.startsWith('-----BEGIN')) {
      throw new RefusedKey('this is not an OpenSSH public key; give the one line of the .pub file');
    }
    const [typeText = '', base64 = ''] = line.split(/[ \t]+/);
    const type = PUBLIC_KEY_TYPES.find((known) => known === typeText);
    if (type === undefined) {
      throw new RefusedKey(
        `must start with one of ${PUBLIC_KEY_TYPES.join(', ')}; options before the key are not allowed`,
      );
    }
    const blob = decodeBase64(base64);
    checkBlob(type, blob);
    return { ok: true, type, key: `${type} ${encodeBase64(blob)}` };
  } catch (error) {
    if (error instanceof RefusedKey) return { ok: false, message: error.message };
    throw error;
  }
}

function decodeBase64(text: string): Uint8Array {
  // atob skips blanks and missing padding; a key file has neither.
  if (text === '' || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) {
    throw new RefusedKey('the key after its type is not valid base64; was it cut off?');
  }
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

function encodeBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}

function checkBlob(type: PublicKeyType, blob: Uint8Array): void {
  const fields = readFields(blob);
  if (fields[0] === undefined || toAscii(fields[0]) !== type) {
    throw new RefusedKey('the type inside the key differs from the one in front of it');
  }
  const rest = fields.slice(1);
  if (type === 'ssh-rsa') checkRsa(rest);
  else if (type === 'ssh-ed25519') checkEd25519(rest);
  else if (type === 'sk-ssh-ed25519@openssh.com') checkEd25519(withoutApplication(rest));
  else if (type === 'sk-ecdsa-sha2-nistp256@openssh.com') checkEcdsa('nistp256', withoutApplication(rest));
  else checkEcdsa(type.slice('ecdsa-sha2-'.length), rest);
}

/** The blob is a sequence of byte strings, each after its length in four bytes; it must end with the last one. */
function readFields(blob: Uint8Array): Uint8Array[] {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const fields: Uint8Array[] = [];
  let offset = 0;
  while (offset < blob.length) {
    if (offset + 4 > blob.length) throw new RefusedKey('the key is cut off');
    const length = view.getUint32(offset);
    offset += 4;
    if (length > blob.length - offset) throw new RefusedKey('the key is cut off');
    fields.push(blob.subarray(offset, offset + length));
    offset += length;
  }
  return fields;
}

function checkEd25519(fields: Uint8Array[]): void {
  if (fields.length !== 1 || fields[0]?.length !== 32) throw new RefusedKey('not a valid ed25519 key');
}

function checkRsa(fields: Uint8Array[]): void {
  const [exponent, modulus] = fields;
  if (fields.length !== 2 || exponent === undefined || modulus === undefined) {
    throw new RefusedKey('not a valid RSA key');
  }
  const bits = countBits(modulus);
  if (bits < MIN_RSA_BITS) {
    throw new RefusedKey(`the RSA key has ${bits} bits; at least ${MIN_RSA_BITS} are needed`);
  }
  if (bits > MAX_RSA_BITS) throw new RefusedKey(`the RSA key has more than ${MAX_RSA_BITS} bits`);
  const isOdd = ((exponent.at(-1) ?? 0) & (modulus.at(-1) ?? 0) & 1) === 1;
  const exponentBits = countBits(exponent);
  if (!isOdd || exponentBits < 2 || exponentBits > 64) throw new RefusedKey('not a valid RSA key');
}

/** Bits of a number as SSH writes it: big-endian, one zero byte in front when the top bit is set, no more. */
function countBits(number: Uint8Array): number {
  const first = number[0] ?? 0;
  const second = number[1] ?? 0;
  if (first >= 0x80 || (first === 0 && second < 0x80)) throw new RefusedKey('not a valid RSA key');
  const digits = first === 0 ? number.subarray(1) : number;
  return digits.length * 8 - (Math.clz32(digits[0] ?? 0) - 24);
}

function checkEcdsa(curve: string, fields: Uint8Array[]): void {
  const [name, point] = fields;
  const isRight =
    fields.length === 2 &&
    name !== undefined &&
    toAscii(name) === curve &&
    point?.length === POINT_BYTES[curve] &&
    point?.[0] === 4;
  if (!isRight) throw new RefusedKey(`not a valid ${curve} key`);
}

/** Keys on a security key end with the application that they were made for, usually `ssh:`. */
function withoutApplication(fields: Uint8Array[]): Uint8Array[] {
  const application = fields.at(-1);
  if (application === undefined || application.length === 0 || application.length > 255) {
    throw new RefusedKey('the security key has no application');
  }
  return fields.slice(0, -1);
}

function toAscii(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 64));
}
