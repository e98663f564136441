import { afterEach, expect, test } from 'vitest';
import { type Answer, type FakeApi, fakeRental, runOrion, startFakeApi } from './fake-api.fixture.ts';

let api: FakeApi | null = null;
afterEach(async () => {
  await api?.close();
  api = null;
});

async function orion(argv: string[], answer: Answer) {
  api = await startFakeApi(answer);
  return runOrion(argv, { ORION_URL: api.url, ORION_TOKEN: 't' });
}

/** Anything called `gone` is missing; lists are empty. */
const withoutGone: Answer = ({ line }) => {
  if (line.includes('?')) return { body: { items: [], nextCursor: null } };
  if (line.includes('gone')) return { status: 404, body: { code: 'not_found', detail: 'no such thing' } };
  const name = line.split('/')[3] ?? '';
  return { body: fakeRental({ phase: 'Releasing' }, { name, id: name }) };
};

test('one rental that is not there keeps no other from its release', async () => {
  const ran = await orion(['release', 'a', 'gone', 'b', '--wait', '0s'], withoutGone);
  expect(ran).toMatchObject({ code: 1, out: 'rental/a releasing\nrental/b releasing\n' });
  expect(ran.err).toBe(
    'error: there is no rental gone\nhint: what there is: orion get rentals; with what has ended: orion get rentals --all -o wide\n',
  );
});

test.each(['cordon', 'uncordon', 'clean', 'forget'])('nor one node another: %s', async (request) => {
  const ran = await orion([request, 'gone', 'w2'], withoutGone);
  expect(ran.code).toBe(1);
  expect(ran.out).toMatch(/^node\/w2 .*\n$/);
  expect(ran.err).toContain('error: there is no node gone\n');
});

test('drain goes on with those that are there', async () => {
  const ran = await orion(['drain', 'gone', 'w2', '--no-wait'], withoutGone);
  expect(ran).toMatchObject({ code: 1, out: 'node/w2 draining\n' });
});

test('what would befall all of them ends it at once', async () => {
  const ran = await orion(['cordon', 'w1', 'w2'], () => ({ status: 403, body: { code: 'forbidden' } }));
  expect(ran.code).toBe(1);
  expect(api?.requests).toHaveLength(1);
});
