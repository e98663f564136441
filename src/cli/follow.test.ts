import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Answer, type FakeApi, fakeRental, runOrion, startFakeApi } from './fake-api.fixture.ts';

let api: FakeApi | null = null;
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orion-follow-'));
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await api?.close();
  api = null;
});

async function orion(argv: string[], answer: Answer) {
  api = await startFakeApi(answer);
  return runOrion(argv, { ORION_URL: api.url, ORION_TOKEN: 't', XDG_STATE_HOME: folder });
}

const HOPELESS = fakeRental({
  phase: 'Pending',
  node: null,
  connection: null,
  expiresAt: null,
  conditions: [
    {
      type: 'Ready',
      status: 'False',
      reason: 'Unsatisfiable',
      message: 'no node can ever match',
      lastTransitionTime: '2026-01-01T11:00:00Z',
    },
  ],
});

test.each([
  ['rent', ['rent', '--queue', '--label', 'size=huge']],
  ['wait', ['wait', 'quick-fox', '--for', 'Active']],
])('what no machine can ever match is not waited for: %s', async (_name, argv) => {
  const ran = await orion(argv, ({ line }) =>
    line.endsWith('(watch)')
      ? { stream: [{ event: 'rental', data: HOPELESS }], hang: true }
      : { body: HOPELESS },
  );
  expect(ran.code).toBe(1);
  expect(ran.err).toContain(
    'error: quick-fox: pending: Unsatisfiable, no node can ever match; quick-fox waits for a matching machine to join\n' +
      'hint: give it up with: orion release quick-fox ',
  );
  expect(ran.err).not.toContain('may still be given');
});

test('but it can be waited for that it ends', async () => {
  const stream = [HOPELESS, fakeRental({ phase: 'Released' })].map((data) => ({ event: 'rental', data }));
  const ran = await orion(['wait', 'quick-fox', '--for', 'Released'], ({ line }) =>
    line.endsWith('(watch)') ? { stream, hang: true } : { body: HOPELESS },
  );
  expect(ran.code).toBe(0);
});
