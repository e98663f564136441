import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FakeApi, fakeRental, startFakeApi } from './fake-api.fixture.ts';

// Shells as people use them: lines typed at a real terminal, with the Tab key.

const ORION = new URL('../../dist/cli/orion.js', import.meta.url).pathname;
let api: FakeApi;
let folder: string;

beforeAll(async () => {
  api = await startFakeApi(() => ({ body: { items: [fakeRental()], nextCursor: null } }));
  folder = mkdtempSync(join(tmpdir(), 'orion-completion-'));
  writeFileSync(join(folder, 'rentals-of-mine.yaml'), '');
});
afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true });
});

/** Types the lines and returns the arguments that `orion` was called with, one entry per line. */
async function type(lines: string[]): Promise<string[]> {
  const { stdout: script } = await execa(process.execPath, [ORION, 'completion', 'bash']);
  // Prints its arguments and does nothing else.
  writeFileSync(join(folder, 'rc'), `orion() { echo "ran:[$*]"; }\nPS1='$ '\n${script}\n`);
  const { stdout } = await execa(
    'script',
    ['-qec', `bash --noprofile --rcfile ${folder}/rc -i`, '/dev/null'],
    {
      cwd: folder,
      input: [...lines, 'exit', ''].join('\n'),
      env: { ORION_URL: api.url, ORION_TOKEN: 't', TERM: 'dumb', HISTFILE: '/dev/null' },
      timeout: 60_000,
    },
  );
  return [...stdout.matchAll(/^ran:\[(.*)\]\r?$/gm)].map(([, words = '']) => words.trim());
}

test('bash completes commands, options, their values, names and files', async () => {
  expect(
    await type([
      'orion rel\t',
      'orion get rent\t',
      'orion ssh qu\t',
      'orion rent --qu\t',
      'orion get nodes -o wi\t',
      'orion get nodes --output=wi\t',
      'orion apply -f renta\t',
      'orion nothing-lik\t',
    ]),
  ).toEqual([
    'release',
    'get rentals',
    'ssh quick-fox',
    'rent --queue',
    'get nodes -o wide',
    'get nodes --output=wide',
    'apply -f rentals-of-mine.yaml',
    'nothing-lik',
  ]);
});

const SHELLS = [
  ['bash', ['-n']],
  ['zsh', ['-n']],
  ['fish', ['--no-execute']],
] as const;

test.each(SHELLS)('%s takes its script', async (shell, checkOnly) => {
  const { stdout } = await execa(process.execPath, [ORION, 'completion', shell]);
  expect(stdout).toContain(ORION);
  const file = join(folder, `script.${shell}`);
  writeFileSync(file, stdout);
  // Only bash is certain to be installed.
  const checked = await execa(shell, [...checkOnly, file], { reject: false });
  if (checked.code !== 'ENOENT') expect(checked).toMatchObject({ exitCode: 0, stderr: '' });
});
