import { generateKeyPairSync, randomBytes } from 'node:crypto';

/** Creates an ed25519 key pair in the format of OpenSSH; the private half is not encrypted. */
export function createKeyPair(comment: string): { publicKey: string; privateKey: string } {
  const { privateKey } = generateKeyPairSync('ed25519');
  const jwk = privateKey.export({ format: 'jwk' });
  const point = Buffer.from(jwk.x ?? '', 'base64url');
  const seed = Buffer.from(jwk.d ?? '', 'base64url');
  const publicBlob = Buffer.concat([toField('ssh-ed25519'), toField(point)]);
  return {
    publicKey: `ssh-ed25519 ${publicBlob.toString('base64')}`,
    privateKey: encodePrivateKey(publicBlob, point, seed, comment),
  };
}

/** The openssh-key-v1 format (OpenSSH's PROTOCOL.key), which Node's crypto does not write. */
function encodePrivateKey(publicBlob: Buffer, point: Buffer, seed: Buffer, comment: string): string {
  // The repeated number lets a reader tell a right passphrase from a wrong one.
  const check = randomBytes(4);
  const secrets = Buffer.concat([
    check,
    check,
    publicBlob,
    toField(Buffer.concat([seed, point])),
    toField(comment),
  ]);
  const padding = Buffer.from(
    Array.from({ length: (8 - (secrets.length % 8)) % 8 }, (_, index) => index + 1),
  );
  const oneKey = Buffer.from([0, 0, 0, 1]);
  const blob = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    toField('none'),
    toField('none'),
    toField(''),
    oneKey,
    toField(publicBlob),
    toField(Buffer.concat([secrets, padding])),
  ]);
  const lines = blob.toString('base64').match(/.{1,70}/g) ?? [];
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join('\n')}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

function toField(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
