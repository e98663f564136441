import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parsePublicKey } from '../core/text/public-key.ts';
import { createKeyPair } from './key-pair.ts';

test('ssh-keygen reads the private half and finds the same public one', () => {
  const dir = mkdtempSync(join(tmpdir(), 'orion-key-'));
  try {
    // Comments of every length modulo the block size, for the padding.
    for (const comment of ['', 'a', 'ab', 'abc', 'abcd', 'abcde', 'abcdef', 'abcdefg']) {
      const { publicKey, privateKey } = createKeyPair(comment);
      const path = join(dir, `key-${comment.length}`);
      writeFileSync(path, privateKey, { mode: 0o600 });
      const line = execFileSync('ssh-keygen', ['-y', '-f', path], { encoding: 'utf8' }).trim();
      expect(line).toBe(comment === '' ? publicKey : `${publicKey} ${comment}`);
      expect(parsePublicKey(publicKey)).toEqual({ ok: true, type: 'ssh-ed25519', key: publicKey });
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
});
