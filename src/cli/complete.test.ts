import { beforeAll, describe, expect, test } from 'vitest';
import { type FakeApi, fakeRental, runOrion, startFakeApi } from './fake-api.fixture.ts';

/** The shell's answer, as `WORD` lines, for a line typed up to here. */
async function typed(line: string, env: Record<string, string> = {}): Promise<string[]> {
  const ran = await runOrion(['__complete', ...line.split(' ').slice(1)], env);
  expect(ran).toMatchObject({ code: 0, err: '' });
  return ran.out
    .split('\n')
    .slice(0, -1)
    .map((text) => text.split('\t')[0] ?? '');
}

describe('what may be typed next', () => {
  test.each([
    ['orion ', ['rent', 'ssh', 'apply', 'get', 'drain', 'lab', 'help'], ['__complete', 'rentals']],
    ['orion get ', ['rentals', 'nodes', 'events', 'tokens'], ['rent', 'drain']],
    ['orion lab ', ['stop', 'status'], ['rent']],
    ['orion rent --', ['--key', '--queue', '--output', '--help'], ['--filename']],
    ['orion rent -o ', ['json', 'yaml', 'name'], ['wide', '--key']],
    ['orion get rentals --output ', ['json', 'wide'], ['--watch']],
    ['orion get rentals --output = ', ['json', 'wide'], []],
    ['orion serve --only ', ['api', 'reconciler'], []],
    ['orion completion ', ['bash', 'zsh', 'fish'], []],
    ['orion rent --queue -', ['--ttl'], []],
    ['orion apply -f ', [':files'], ['json']],
    ['orion rent --key ', [':files'], []],
    ['orion inventory plan ', [':files'], []],
  ])('%s', async (line, some, none) => {
    const words = await typed(line);
    expect(words).toEqual(expect.arrayContaining(some));
    for (const word of none) expect(words).not.toContain(word);
  });

  test.each([
    'orion rent --ttl ',
    'orion version ',
    'orion ssh mine -- ',
    'orion ssh mine -- ls -',
    'orion nope ',
  ])('%s: nothing that is known here', async (line) => {
    expect(await typed(line)).toEqual([]);
  });
});

describe('names', () => {
  let api: FakeApi;
  let env: Record<string, string>;
  beforeAll(async () => {
    api = await startFakeApi(({ line }) => ({
      body: {
        items: [fakeRental({}, { name: line.includes('nodes') ? 'worker_1' : 'mine' })],
        nextCursor: null,
      },
    }));
    env = { ORION_URL: api.url, ORION_TOKEN: 't' };
    return () => api.close();
  });

  test.each([
    ['orion ssh ', ['mine']],
    ['orion release one two ', ['mine']],
    ['orion get rentals m', ['mine']],
    ['orion explain mine ', []],
    ['orion drain ', ['worker_1']],
    ['orion get events --node ', ['worker_1']],
    ['orion describe node ', ['worker_1']],
  ])('%s', async (line, names) => {
    expect(await typed(line, env)).toEqual(names);
  });

  test('are left out without a word when nobody answers, or nothing is set up', async () => {
    expect(await typed('orion ssh ', { ORION_URL: 'http://127.0.0.1:1', ORION_TOKEN: 't' })).toEqual([]);
    expect(await typed('orion ssh ')).toEqual([]);
  });
});
