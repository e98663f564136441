import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FakeApi, runOrion, startFakeApi } from './fake-api.fixture.ts';
import type { Input } from './io.ts';

let home: string;
let api: FakeApi;
const path = () => join(home, 'orion', 'config.yaml');
const modeOf = (file: string) => statSync(file).mode & 0o777;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'orion-login-'));
  api = await startFakeApi(() => ({ body: { items: [], nextCursor: null } }));
});
afterEach(async () => {
  await api.close();
  rmSync(home, { recursive: true });
});

function orion(argv: string[], input: Partial<Input> = {}, env: Record<string, string> = {}) {
  const all = { isTerminal: false, readAll: async () => '', ask: async () => '', ...input };
  return runOrion(argv, { XDG_CONFIG_HOME: home, ...env }, { input: all });
}

test('a token from standard input is tried, and kept for its owner alone', async () => {
  const ran = await orion(['login', api.url, '--token', '-'], { readAll: async () => 'orion_secret\n' });
  expect(ran).toMatchObject({ code: 0, out: '', err: `Signed in to ${api.url}; saved in ${path()}\n` });
  expect(readFileSync(path(), 'utf8')).toBe(`url: ${api.url}\ntoken: orion_secret\n`);
  expect([modeOf(path()), modeOf(join(home, 'orion'))]).toEqual([0o600, 0o700]);
  expect(readdirSync(join(home, 'orion'))).toEqual(['config.yaml']);
  expect((await orion(['get', 'rentals'])).code).toBe(0);
  expect(api.requests.at(-1)?.headers.authorization).toBe('Bearer orion_secret');
});

test('at a terminal it is asked for, and not shown', async () => {
  const asked: unknown[] = [];
  const input = {
    isTerminal: true,
    ask: async (...question: unknown[]) => {
      asked.push(question);
      return 'orion_secret';
    },
  };
  expect((await orion(['login', api.url], input)).code).toBe(0);
  expect(asked).toEqual([[`Token for ${api.url}: `, { secret: true }]]);
});

test('what is refused is not kept, and what was kept before stays', async () => {
  await orion(['login', api.url, '--token', '-'], { readAll: async () => 'good' });
  const strict = await startFakeApi(() => ({ status: 401, body: { code: 'unauthorized', detail: 'no' } }));
  const ran = await orion(['login', strict.url, '--token', '-'], { readAll: async () => 'bad' });
  await strict.close();
  expect(ran).toMatchObject({ code: 1, out: '' });
  expect(ran.err).toBe(
    `error: ${strict.url} refuses the token\nhint: administrators create tokens: orion token create\n`,
  );
  expect(readFileSync(path(), 'utf8')).toContain('token: good\n');
});

test('another token for the same API keeps its CA; another API has another', async () => {
  mkdirSync(join(home, 'orion'));
  const ca = join(home, 'ca.pem');
  writeFileSync(ca, 'not looked at over plain http');
  writeFileSync(path(), `url: ${api.url}\ntoken: old\nca: ${ca}\n`, { mode: 0o644 });
  const input = { readAll: async () => 'new' };
  expect((await orion(['login', '--token', '-'], input)).code).toBe(0);
  expect(readFileSync(path(), 'utf8')).toBe(`url: ${api.url}\ntoken: new\nca: ${ca}\n`);
  expect(modeOf(path())).toBe(0o600);
  const other = await startFakeApi(() => ({ body: { items: [], nextCursor: null } }));
  await orion(['login', other.url, '--token', '-'], input);
  await other.close();
  expect(readFileSync(path(), 'utf8')).not.toContain('ca:');
});

test('says so when the environment counts first', async () => {
  const env = { ORION_TOKEN: 'x', ORION_URL: 'http://y' };
  const ran = await orion(['login', api.url, '--token', '-'], { readAll: async () => 'good' }, env);
  expect(ran.err).toContain("But ORION_URL and ORION_TOKEN in this shell's environment override it");
});

test.each([
  ['without an address', ['login'], 2, 'the address of the API is missing'],
  ['with nobody to ask', ['login', 'http://localhost:1'], 2, '--token - and standard input'],
  ['with the token itself', ['login', 'http://localhost:1', '--token', 'orion_abc'], 2, 'others can see'],
  ['with a file that is not there', ['login', 'http://localhost:1', '--token', '/nope'], 1, 'ENOENT'],
  ['with no token in it', ['login', 'http://localhost:1', '--token', '-'], 1, 'the token is empty'],
  ['with no address', ['login', 'localhost', '--token', '-'], 1, 'not an http or https address: localhost'],
  ['with nobody there', ['login', 'http://127.0.0.1:1', '--token', '/etc/hostname'], 1, 'ECONNREFUSED'],
])('%s', async (_name, argv, code, message) => {
  const ran = await orion(argv);
  expect(ran).toMatchObject({ code, out: '' });
  expect(ran.err).toContain(message);
  expect(existsSync(path())).toBe(false);
});

test('logout forgets the token and nothing else', async () => {
  await orion(['login', api.url, '--token', '-'], { readAll: async () => 'good' });
  expect((await orion(['logout'])).code).toBe(0);
  expect(readFileSync(path(), 'utf8')).toBe(`url: ${api.url}\n`);
  expect((await orion(['get', 'rentals'])).err).toContain('ORION_TOKEN is not set');
  expect((await orion(['logout'])).err).toBe('No token was saved.\n');
});
