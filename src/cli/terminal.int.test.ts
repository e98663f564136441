import { spawn } from 'node:child_process';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { renderScreen } from '../lab/session/screen.ts';
import { type FakeApi, fakeRental, startFakeApi } from './fake-api.fixture.ts';

// The program itself, at a real terminal and in pipes.

const ORION = new URL('../../dist/cli/orion.js', import.meta.url).pathname;
let api: FakeApi;
let env: Record<string, string>;

beforeAll(async () => {
  const items = Array.from({ length: 2_000 }, (_, n) => fakeRental({}, { id: `r_${n}`, name: `mine-${n}` }));
  api = await startFakeApi(({ line }) => {
    if (!line.endsWith('(watch)')) {
      return { body: line.includes('/rentals/') ? fakeRental() : { items, nextCursor: null } };
    }
    const moved = fakeRental({ phase: 'Migrating' });
    return { stream: [{ event: 'rental', data: moved }], hang: true };
  });
  env = { ORION_URL: api.url, ORION_TOKEN: 't', HOME: '/nonexistent' };
});
afterAll(() => api.close());

const shell = (command: string, more: Record<string, string> = {}) =>
  execa('bash', ['-c', command], { env: { ...env, ...more }, reject: false, timeout: 60_000 });

test('a reader that has seen enough is no error', async () => {
  const ran = await shell(`set -o pipefail; "${process.execPath}" "${ORION}" get rentals | head -1`);
  expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
  expect(ran.stdout).toMatch(/^NAME +PHASE/);
});

const ESCAPE = '\u001b[';
const onTerminal = (argv: string, more: Record<string, string> = {}) =>
  shell(`script -qefc 'stty cols 60; "${process.execPath}" "${ORION}" ${argv}' /dev/null < /dev/null`, {
    TERM: 'xterm',
    ...more,
  });

test('colours are for terminals, and not for those who refuse them', async () => {
  const { stdout } = await onTerminal('get rental quick-fox');
  expect(stdout).toContain(`${ESCAPE}32mActive${ESCAPE}0m`);
  expect((await onTerminal('get rental quick-fox', { NO_COLOR: '1' })).stdout).not.toContain(ESCAPE);
  expect((await shell(`"${process.execPath}" "${ORION}" get rental quick-fox`)).stdout).not.toContain(ESCAPE);
});

test('a watch is drawn over itself, fits the terminal, and ends with Ctrl-C and 130', async () => {
  const child = spawn(
    'script',
    ['-qefc', `stty cols 60 rows 20; "${process.execPath}" "${ORION}" get rental quick-fox -w`, '/dev/null'],
    { env: { ...process.env, ...env, TERM: 'xterm' }, stdio: ['pipe', 'pipe', 'inherit'] },
  );
  let written = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    written += text;
  });
  const ended = new Promise((done) => child.once('close', done));
  const screen = () => renderScreen(written).filter((line) => line !== '');
  await expect.poll(() => screen().join('\n')).toMatch(/quick-fox +Migrating/);
  expect(screen()).toHaveLength(2);
  expect(Math.max(...screen().map((line) => line.length))).toBeLessThanOrEqual(60);
  child.stdin.write('\u0003');
  expect(await ended).toBe(130);
  expect(screen().join('\n')).not.toContain('error');
});
