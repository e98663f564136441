import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseConfig } from '../config/config.ts';
import { parseFleetIdentity } from '../core/model/fleet-identity.ts';
import { runOrion } from './fake-api.fixture.ts';

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'orion-init-')), 'compose');
  await mkdir(folder);
  await writeFile(join(folder, '.env.example'), '#ORION_DOMAIN=\nORION_CONTROL_PUBLIC_KEY=\n');
});
afterEach(() => rm(join(folder, '..'), { recursive: true }));

const init = () => runOrion(['init', folder], {});
const secret = (name: string) => readFile(join(folder, 'secrets', name), 'utf8');
const readAll = async () => {
  const names = (await readdir(join(folder, 'secrets'))).toSorted();
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await secret(name)])));
};

test('makes every secret, the settings, and a token that the daemon will know', async () => {
  const done = await init();
  expect(done.code).toBe(0);
  const token = done.out.trim();
  const [, id] = /^orion_([a-z0-9]+)_[\w-]{43}$/.exec(token) ?? [];
  const hash = createHash('sha256').update(token).digest('hex');
  expect((await secret('first_token_hash')).trim()).toBe(`${id}:${hash}`);
  expect(await readFile(join(folder, '.env'), 'utf8')).toBe(
    `#ORION_DOMAIN=\nORION_CONTROL_PUBLIC_KEY=${await secret('control_ed25519.pub')}`,
  );
  // The token itself appears only on the terminal.
  expect(JSON.stringify(await readAll())).not.toContain(token);
  for (const [api, user] of [
    ['api', 'orion_api'],
    ['reconciler', 'orion_reconciler'],
  ]) {
    const password = (await secret(`db_${api}_password`)).trim();
    expect(await secret(`${api}_database_url`)).toBe(`mysql://${user}:${password}@db:3306/orion\n`);
  }
});

test('is understood by the daemon, file by file', async () => {
  await init();
  const file = (name: string) => join(folder, 'secrets', name);
  const result = parseConfig({
    ORION_DATABASE_URL_FILE: file('api_database_url'),
    ORION_FIRST_TOKEN_HASH_FILE: file('first_token_hash'),
    ORION_WEBHOOK_KEY_FILE: file('webhook_key'),
  });
  expect(result).toMatchObject({ ok: true, config: { firstToken: { hash: expect.any(String) } } });
});

test('makes the identity of the fleet, and keeps it over a database that was lost', async () => {
  await init();
  const made = await secret('fleet_identity');
  expect(parseFleetIdentity(made)).not.toBe(null);
  await rm(join(folder, 'secrets', 'db_root_password'), { force: true });
  await init();
  expect(await secret('fleet_identity')).toBe(made);
});

test('gives each secret to its reader alone', async () => {
  await init();
  for (const name of await readdir(join(folder, 'secrets'))) {
    const { mode } = await stat(join(folder, 'secrets', name));
    expect(`${name} ${(mode & 0o777).toString(8)}`).toBe(`${name} ${name.endsWith('.pub') ? 444 : 400}`);
  }
});

test('keeps what is there, shows no token twice, and adds what a newer version wants', async () => {
  await init();
  await writeFile(
    join(folder, '.env'),
    `${await readFile(join(folder, '.env'), 'utf8')}ORION_TLS=internal\n`,
  );
  const [before, env] = [await readAll(), await readFile(join(folder, '.env'), 'utf8')];
  await rm(join(folder, 'secrets', 'webhook_key'));
  const again = await init();
  expect(again).toMatchObject({ code: 0, out: '' });
  expect(again.err).toContain('token create');
  const { webhook_key: key, ...rest } = await readAll();
  expect(key).toHaveLength(45);
  expect({ ...rest, webhook_key: before.webhook_key }).toEqual(before);
  expect(await readFile(join(folder, '.env'), 'utf8')).toBe(env);
});

test('a control key of which a half is missing is not replaced', async () => {
  await init();
  await rm(join(folder, 'secrets', 'control_ed25519.pub'));
  expect(await init()).toMatchObject({ code: 1, err: expect.stringContaining('ssh-keygen -y') });
});

test("a folder that isn't the compose folder is refused", async () => {
  await rm(join(folder, '.env.example'));
  expect(await init()).toMatchObject({ code: 1, err: expect.stringContaining('no .env.example') });
  expect(await readdir(folder)).toEqual([]);
});
