import { expect, it } from 'vitest';
import { computeFingerprint, formatHostKey, isSameKey, listAlgorithms, parseHostKey } from './host-key.ts';
import { createKeyPair } from './node.fixture.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
const blob = parseHostKey(KEY) ?? Buffer.alloc(0);

it('goes from text to bytes and back, without the comment', () => {
  expect(formatHostKey(parseHostKey(`${KEY} root@host`) ?? Buffer.alloc(0))).toBe(KEY);
});

it('prints the fingerprint as ssh-keygen does', () => {
  // GitHub publishes this key with this fingerprint.
  expect(computeFingerprint(blob)).toBe('SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU');
});

it('takes nothing for a key that is none', () => {
  for (const text of [
    '',
    'ssh-ed25519',
    'ssh-ed25519 %%%',
    'ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIOMq',
    'x y z',
  ]) {
    expect(parseHostKey(text)).toBeNull();
  }
});

it('compares all bytes', () => {
  const changed = Buffer.from(blob);
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  expect(isSameKey(blob, Buffer.from(blob))).toBe(true);
  expect(isSameKey(blob, changed)).toBe(false);
  expect(isSameKey(blob, blob.subarray(0, 20))).toBe(false);
});

it('asks first for the type of the key that is expected, else for ed25519', () => {
  expect(listAlgorithms(null)[0]).toBe('ssh-ed25519');
  expect(listAlgorithms(parseHostKey(createKeyPair('ecdsa').public))[0]).toBe('ecdsa-sha2-nistp256');
  const rsa = Buffer.concat([Buffer.from([0, 0, 0, 7]), Buffer.from('ssh-rsa'), Buffer.alloc(8)]);
  expect(listAlgorithms(rsa).slice(0, 2)).toEqual(['rsa-sha2-512', 'rsa-sha2-256']);
  expect(new Set(listAlgorithms(rsa)).size).toBe(listAlgorithms(null).length);
});

it('survives blobs made to confuse', () => {
  expect(formatHostKey(Buffer.from([255, 255, 255, 255, 27, 91]))).toMatch(/^unknown /);
  expect(formatHostKey(Buffer.alloc(0))).toBe('unknown ');
});
