import { lstatSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type Answer, type FakeApi, fakeRental, runOrion, startFakeApi } from './fake-api.fixture.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2tFnqMCpZcOAkCcQk1rzjQXDPkYnVxKTsYaqQ7EJ0F';
let folder: string;
let api: FakeApi | null = null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orion-apply-'));
});
afterEach(async () => {
  await api?.close();
  api = null;
  rmSync(folder, { recursive: true });
});

/** An API that has these rentals, by name and generation, and creates what it is asked for. */
function server(have: Record<string, number>, refuse: string[] = []): Answer {
  return ({ line }) => {
    const name = line.split('/').at(-1) ?? '';
    const rental = (generation: number) => fakeRental({}, { name, id: `r_${name}`, generation });
    const generation = have[name];
    if (line.startsWith('GET')) {
      if (generation === undefined) return { status: 404, body: { code: 'not_found', detail: 'no rental' } };
      return { body: rental(generation) };
    }
    if (refuse.includes(name))
      return { status: 422, body: { code: 'invalid_input', detail: 'ttl: at most 12h' } };
    // Rentals whose names begin with `same` need no change.
    return { status: 202, body: rental(name.startsWith('same') ? (generation ?? 1) : (generation ?? 0) + 1) };
  };
}

async function apply(text: string, answer: Answer, ...argv: string[]) {
  api ??= await startFakeApi(answer);
  const env = { ORION_URL: api.url, ORION_TOKEN: 't', XDG_STATE_HOME: folder };
  const input = { isTerminal: false, readAll: async () => text, ask: async () => '' };
  return runOrion(['apply', '-f', '-', ...argv], env, { input });
}

const puts = () => api?.requests.filter(({ line }) => line.startsWith('PUT')) ?? [];

test('several documents: made, changed, or left as they are', async () => {
  const text = `name: new\nspec: { sshPublicKey: ${KEY}, ttl: 1h }\n---\nname: other\nsshPublicKey: ${KEY}\n---\nkind: Rental\nname: same\nspec: {}\n---\n`;
  const ran = await apply(text, server({ other: 3, same: 2 }));
  expect(ran).toMatchObject({
    code: 0,
    out: 'rental/new created\nrental/other configured\nrental/same unchanged\n',
    err: '',
  });
  expect(puts().map(({ line, body }) => [line, body])).toEqual([
    ['PUT /api/rentals/new', { spec: { sshPublicKey: KEY, ttl: '1h' } }],
    ['PUT /api/rentals/other', { sshPublicKey: KEY }],
    ['PUT /api/rentals/same', { spec: {} }],
  ]);
});

test.each([
  ['yaml', (value: unknown) => stringify(value)],
  ['json', (value: unknown) => JSON.stringify(value)],
])('what get -o %s prints can be applied, one or a list', async (_format, write) => {
  const { name, spec } = fakeRental();
  const ran = await apply(write(fakeRental()), server({}));
  expect(ran).toMatchObject({ code: 0, out: `rental/${name} created\n` });
  const list = { items: [fakeRental(), fakeRental({}, { name: 'same-fox' })], nextCursor: null };
  expect(await apply(write(list), server({}))).toMatchObject({ code: 0 });
  expect(puts().map(({ body }) => body)).toEqual([{ spec }, { spec }, { spec }]);
});

test('of an unreadable file nothing is applied, and every mistake is told with its line', async () => {
  const text = 'name: good\n---\nspec: {}\n---\n- 7\n---\nkind: Node\nname: w\n---\nname: good\n---\na: [\n';
  const ran = await apply(text, server({}));
  expect(ran).toMatchObject({ code: 1, out: '' });
  expect(ran.err.split('\n').map((line) => line.trim().replace(/^error: /, ''))).toEqual([
    'stdin:3: name: a rental that is applied needs one',
    'stdin:5: expected a rental: name and spec',
    'stdin:7: kind: only rentals are applied; the fleet belongs to the inventory (orion inventory apply)',
    'stdin:13: Flow sequence in block collection must be sufficiently indented and end with a ]',
    'stdin:10: name: good is already at stdin:1',
    'hint: nothing was applied',
    '',
  ]);
  expect(api?.requests).toEqual([]);
});

test('one that is refused keeps the others from nothing', async () => {
  const ran = await apply('name: bad\n---\nname: new\n', server({}, ['bad']));
  expect(ran).toMatchObject({ code: 1, out: 'rental/new created\n' });
  expect(ran.err).toBe(
    'error: stdin:1: rental bad: ttl: at most 12h\nerror: 1 of 2 rentals could not be applied\n',
  );
});

test('with a key for those that name none, which orion ssh then finds', async () => {
  const path = join(folder, 'id_ed25519');
  writeFileSync(path, '-----BEGIN OPENSSH PRIVATE KEY-----\n');
  writeFileSync(`${path}.pub`, `${KEY} me@home\n`);
  const answer: Answer = (request) => {
    const told = server({})(request);
    const { spec } = request.body as { spec: object };
    const rental = told.body as ReturnType<typeof fakeRental>;
    return request.line.startsWith('PUT')
      ? { ...told, body: { ...rental, spec: { ...rental.spec, ...spec } } }
      : told;
  };
  const text = 'name: mine\nspec: { ttl: 1h }\n---\nname: own\nspec: { sshPublicKey: ssh-rsa AAAA }\n';
  const ran = await apply(
    text,
    (request) => (request.body ? answer(request) : server({})(request)),
    '--key',
    path,
  );
  expect(ran).toMatchObject({ code: 0 });
  expect(puts().map(({ body }) => body)).toEqual([
    { spec: { sshPublicKey: KEY, ttl: '1h' } },
    { spec: { sshPublicKey: 'ssh-rsa AAAA' } },
  ]);
  expect(readlinkSync(join(folder, 'orion', 'keys', 'r_mine'))).toBe(path);
  expect(() => lstatSync(join(folder, 'orion', 'keys', 'r_own'))).toThrow('ENOENT');
});

test('output for programs: names, or one YAML document for each', async () => {
  expect((await apply('name: a\n---\nname: b\n', server({}), '-o', 'name')).out).toBe('rental/a\nrental/b\n');
  const { out } = await apply('name: a\n---\nname: b\n', server({}), '-o', 'yaml');
  expect(out.match(/^---\nid: r_.$/gm)).toHaveLength(2);
});

test('waits until all are ready', async () => {
  const answer: Answer = (request) => {
    if (!request.line.endsWith('(watch)')) return server({})(request);
    const id = request.line.split(/[/ ]/).at(-2) ?? '';
    return { stream: [{ event: 'rental', data: fakeRental({}, { id, name: id.slice(2) }) }], hang: true };
  };
  const ran = await apply('name: a\n---\nname: b\n', answer, '--wait', '5s');
  expect(ran).toMatchObject({ code: 0, err: 'a: active on worker_1\nb: active on worker_1\n' });
});

test.each([
  ['', 'stdin has no rentals'],
  ['---\n---\n', 'stdin has no rentals'],
  ['just text', 'stdin:1: expected a rental'],
])('%j asks for no rental', async (text, message) => {
  const ran = await apply(text, server({}));
  expect(ran).toMatchObject({ code: 1, out: '' });
  expect(ran.err).toContain(message);
});

test('several files are one: all are applied, or none when one is wrong', async () => {
  const [a, b, bad] = ['a', 'b', 'bad'].map((name) => join(folder, `${name}.yaml`)) as [
    string,
    string,
    string,
  ];
  writeFileSync(a, `name: a\nsshPublicKey: ${KEY}\n`);
  writeFileSync(b, `name: b\nsshPublicKey: ${KEY}\n`);
  writeFileSync(bad, 'name: [\n---\nname: a\n');
  api = await startFakeApi(server({}));
  const env = { ORION_URL: api.url, ORION_TOKEN: 't', XDG_STATE_HOME: folder };
  const applied = await runOrion(['apply', '-f', a, '-f', b], env);
  expect(applied).toMatchObject({ code: 0, out: 'rental/a created\nrental/b created\n' });
  const before = api.requests.length;
  const refused = await runOrion(['apply', '-f', bad, '-f', a], env);
  expect(refused).toMatchObject({ code: 1, out: '' });
  expect(refused.err).toContain(`${bad}:2: `);
  expect(refused.err).toContain(`${a}:1: name: a is already at ${bad}:3`);
  expect(api.requests).toHaveLength(before);
});

test('a file that is not there', async () => {
  const ran = await runOrion(['apply', '-f', join(folder, 'none.yaml')], {});
  expect(ran).toMatchObject({ code: 1, err: `error: ${join(folder, 'none.yaml')} can't be read: ENOENT\n` });
});

test('a bad name or duration is found before the first is applied', async () => {
  const ran = await apply(
    'name: good\n---\nname: Not_Good\n---\nname: b\nspec: { ttl: 6 hours }\n',
    server({}),
  );
  expect(ran).toMatchObject({ code: 1, out: '' });
  expect(ran.err).toContain(
    'stdin:3: name: expected a DNS label (a-z, 0-9 and "-", at most 63), not Not_Good\n',
  );
  expect(ran.err).toContain('stdin:5: ttl: expected a duration such as');
  expect(api?.requests).toEqual([]);
});

test('one that names no key is told how to give it one', async () => {
  const errors = [{ path: 'sshPublicKey', message: 'Invalid input: expected string, received undefined' }];
  const ran = await apply('name: a\nspec: { ttl: 1h }\n', ({ line }) =>
    line.startsWith('PUT')
      ? { status: 422, body: { code: 'invalid_input', detail: 'sshPublicKey: Invalid input', errors } }
      : { status: 404, body: { code: 'not_found' } },
  );
  expect(ran.err).toBe(
    'error: stdin:1: rental a: it names no sshPublicKey\nerror: 1 of 1 rentals could not be applied\n' +
      'hint: to use your key for those that name none: orion apply --key FILE\n',
  );
});
