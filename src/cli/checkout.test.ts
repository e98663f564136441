import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { VERSION } from '../daemon/version.ts';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));

function listTexts(folder: string, pattern: RegExp): string[] {
  return readdirSync(join(CHECKOUT, folder), { recursive: folder !== '.', encoding: 'utf8' })
    .filter((name) => pattern.test(name) && !name.endsWith('.test.ts'))
    .map((name) => join(CHECKOUT, folder, name));
}

// Outside a checkout npx would fetch somebody else's package called "orion", and run it with ORION_TOKEN in its
// environment.
test('nothing that people read or copy starts the command line through npx', () => {
  const texts = [
    ...listTexts('.', /\.md$/),
    ...listTexts('docs', /\.md$/),
    ...listTexts('src', /\.(ts|mjs)$/),
  ];
  expect(texts.length).toBeGreaterThan(100);
  expect(texts.filter((path) => /\bnpx (-\S+ )*orion\b/.test(readFileSync(path, 'utf8')))).toEqual([]);
});

test('the package has a scoped name and is not published by mistake', () => {
  const manifest = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8'));
  expect(manifest).toMatchObject({ name: expect.stringMatching(/^@[a-z-]+\/orion$/), private: true });
});

test('bin/orion is this checkout, also through a link and from another folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orion-bin-'));
  try {
    symlinkSync(join(CHECKOUT, 'bin', 'orion'), join(folder, 'orion'));
    expect(execFileSync('./orion', ['--version'], { cwd: folder, encoding: 'utf8' }).trim()).toBe(VERSION);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
