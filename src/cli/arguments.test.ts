import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { putKindFirst } from './arguments.ts';
import { type FakeApi, fakeRental, runOrion, startFakeApi } from './fake-api.fixture.ts';

test.each([
  ['get rental/mine', 'get rental mine'],
  ['get nodes/worker_1 -w', 'get node worker_1 -w'],
  ['get -o json rentals mine', 'get rentals -o json mine'],
  ['describe -o yaml rental/mine', 'describe rental mine -o yaml'],
  ['get rental/a rental/b', 'get rental a rental/b'],
  ['get --output=json -A rentals', 'get rentals --output=json -A'],
])('%s', (typed, expected) => {
  expect(putKindFirst(typed.split(' ')).join(' ')).toBe(expected);
});

test.each(['get', 'get --help', 'get -o', 'get events mine', 'release rental/mine', ''])(
  '%j stays as it is',
  (typed) => {
    expect(putKindFirst(typed.split(' ')).join(' ')).toBe(typed);
  },
);

describe('several by name', () => {
  let api: FakeApi;
  const orion = (line: string) => runOrion(line.split(' '), { ORION_URL: api.url, ORION_TOKEN: 't' });
  beforeEach(async () => {
    api = await startFakeApi(({ line }) => {
      const name = line.split('/').at(-1) ?? '';
      return name === 'gone'
        ? { status: 404, body: { code: 'not_found' } }
        : { body: fakeRental({}, { name, id: `r_${name}` }) };
    });
  });
  afterEach(() => api.close());

  test('are one table, or one list; who is not there is told', async () => {
    expect((await orion('get rental a b -o name')).out).toBe('rental/a\nrental/b\n');
    const { items } = JSON.parse((await orion('get -o json rental/a rental/b')).out);
    expect(items.map(({ name }: { name: string }) => name)).toEqual(['a', 'b']);
    const partly = await orion('get rentals gone b -o name');
    expect(partly).toMatchObject({ code: 1, out: 'rental/b\n' });
    expect(partly.err).toContain('error: there is no rental gone\n');
  });

  test('are not watched', async () => {
    const ran = await orion('get rentals a b -w');
    expect(ran).toMatchObject({ code: 2, err: 'error: one rental can be watched, or all\n' });
  });

  test('the slash is taken by describe and wait, too', async () => {
    expect((await orion('describe rental/a -o json')).code).toBe(0);
    expect((await orion('wait rentals/a --for Active')).out).toBe('rental/a is Active\n');
  });
});
