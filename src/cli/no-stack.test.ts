import fc from 'fast-check';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { createBareProgram, listExamples, listLeaves, wordsOf } from './examples.fixture.ts';
import { type Answer, type FakeApi, fakeRental, runOrion, startFakeApi } from './fake-api.fixture.ts';

/** Commands that work without the API: on the database, the lab, or the shell. */
const WITHOUT_API = /^(lab|serve|migrate|check|init|completion|login|logout|inventory check)\b/;
let lines: string[] = [];
let api: FakeApi | null = null;

beforeAll(async () => {
  const names = listLeaves(await createBareProgram(), '').map(({ name }) => name);
  const examples = await Promise.all(names.filter((name) => !WITHOUT_API.test(name)).map(listExamples));
  lines = examples.flat();
});
afterEach(async () => {
  await api?.close();
  api = null;
});

/** Long enough for watches here. No expectation depends on it. */
const LOOK_MS = 150;

async function runAll(answer: Answer, env: Record<string, string> = {}) {
  api = await startFakeApi(answer);
  const { url } = api;
  const all = await Promise.all(
    lines.map(async (line) => {
      const words = wordsOf(line).slice(1);
      const signal = AbortSignal.timeout(LOOK_MS);
      return { line, ...(await runOrion(words, { ORION_URL: url, ORION_TOKEN: 't', ...env }, { signal })) };
    }),
  );
  await api.close();
  api = null;
  return all;
}

function expectWords({ line, code, out, err }: Awaited<ReturnType<typeof runAll>>[number]): void {
  expect([0, 1, 2, 3, 130], line).toContain(code);
  expect(`${out}${err}`, line).not.toMatch(/^ +at .*:\d+:\d+\)?$|node:internal/m);
  if (code !== 0 && code !== 130) expect(err, line).toMatch(/^error: \S/m);
}

test('whatever the API answers, no command shows a stack', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(200, 200, 200, 201, 202, 400, 404, 500),
      fc.oneof(
        fc.jsonValue(),
        fc.constantFrom({ items: [null] }, { items: [{}] }, { id: 'r_x', name: 'x' }, {}),
      ),
      async (status, body) => {
        for (const ran of await runAll(() => ({ status, body }))) expectWords(ran);
      },
    ),
    { numRuns: 8 },
  );
});

test('nor when a watch sends what is no object', async () => {
  const answer: Answer = ({ line }) =>
    line.endsWith('(watch)')
      ? {
          stream: [
            { event: 'rental', data: { status: 7 } },
            { event: 'node', data: null },
          ],
        }
      : { body: fakeRental({ phase: 'Pending', connection: null }) };
  for (const ran of await runAll(answer)) expectWords(ran);
});

test('nor when nobody answers', async () => {
  for (const ran of await runAll(() => ({}), { ORION_URL: 'http://127.0.0.1:1' })) {
    expectWords(ran);
    // It still knows its own version.
    if (!ran.line.startsWith('orion version')) expect(ran.code, ran.line).not.toBe(0);
  }
});

test('a mistake is told in a line, and where it is only to those who ask', async () => {
  api = await startFakeApi(() => ({ body: { items: [null], nextCursor: null } }));
  const env = { ORION_URL: api.url, ORION_TOKEN: 't' };
  const ran = await runOrion(['get', 'rentals'], env);
  expect(ran).toMatchObject({ code: 1, out: '' });
  expect(ran.err).toMatch(/^error: .*\nhint: a bug in orion, .*ORION_DEBUG=1 shows where\n$/);
  expect((await runOrion(['get', 'rentals'], { ...env, ORION_DEBUG: '1' })).err).toMatch(
    /^ +at .*:\d+:\d+\)?$/m,
  );
});
