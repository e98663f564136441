import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parseConfig } from './config.ts';

const DATABASE = { ORION_DATABASE_URL: 'mysql://orion:secret@db:3306/orion' };

function parse(env: Record<string, string>) {
  const result = parseConfig({ ...DATABASE, ...env });
  if (!result.ok) throw new Error(result.problems.join('\n'));
  return result.config;
}

test('only the database must be told', () => {
  const config = parse({ ORION_LISTEN: '' });
  expect(config).toMatchObject({
    databaseUrl: DATABASE.ORION_DATABASE_URL,
    listen: { kind: 'tcp', host: '127.0.0.1', port: 8080 },
    metricsListen: null,
    inventoryPath: 'inventory.yaml',
    home: resolve('.orion'),
    controlKeyPath: resolve('.orion/keys/control_ed25519'),
    lease: { durationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 },
    inspectIntervalMs: 600_000,
    webhooks: { key: null, allowed: { networks: [], hosts: [], plainHttp: false } },
    log: { level: 'info', format: 'auto' },
    instance: hostname(),
  });
  expect(config.inventoryEnv.ORION_HOME).toBe(resolve('.orion'));
});

test.each([
  ['unix:/run/orion.sock', { kind: 'unix', path: '/run/orion.sock' }],
  ['[::1]:80', { kind: 'tcp', host: '::1', port: 80 }],
  [':9000', { kind: 'tcp', host: '0.0.0.0', port: 9000 }],
])('listens at %s', (text, expected) => {
  expect(parse({ ORION_LISTEN: text }).listen).toEqual(expected);
  expect(parse({ ORION_METRICS_LISTEN: text }).metricsListen).toEqual(expected);
});

test.each([
  'mysql://root@localhost/orion?socketPath=/run/my.sock',
  'mysql://orion:p%40ss@db1:3306,db2:3306/orion',
])('a database at %s', (url) => {
  expect(parse({ ORION_DATABASE_URL: url }).databaseUrl).toBe(url);
});

test('a setting may be in a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orion-config-'));
  try {
    const path = join(folder, 'url');
    writeFileSync(path, 'mysql://u:p@h/d\n');
    const result = parseConfig({ ORION_DATABASE_URL_FILE: path });
    expect(result).toMatchObject({ ok: true, config: { databaseUrl: 'mysql://u:p@h/d' } });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the key of webhooks is 32 bytes in base64, and no part of an inventory', () => {
  const text = Buffer.alloc(32, 7).toString('base64');
  const config = parse({ ORION_WEBHOOK_KEY: text, ORION_WEBHOOK_ALLOW: '10.0.0.0/8,hooks http:' });
  expect(config.webhooks.key).toEqual(Buffer.alloc(32, 7));
  expect(config.webhooks.allowed).toMatchObject({ hosts: ['hooks'], plainHttp: true });
  expect(config.webhooks.allowed.networks).toHaveLength(1);
  expect(Object.values(config.inventoryEnv)).not.toContain(text);
});

test('a key that is too short, and a network that is none, are told without being shown', () => {
  const env = { ORION_WEBHOOK_KEY: 'aGFsZg==', ORION_WEBHOOK_ALLOW: '10.0.0.0/8 10.0.0.0/99' };
  const result = parseConfig({ ...DATABASE, ...env });
  expect(result).toMatchObject({
    problems: [
      expect.stringMatching(/^ORION_WEBHOOK_KEY: expected at least 32 bytes in base64/),
      expect.stringMatching(/^ORION_WEBHOOK_ALLOW: expected networks .*; number 2 is none of these$/),
    ],
  });
  expect(JSON.stringify(result)).not.toContain('aGFsZg==');
});

test('all that is wrong is told at once, and no secret with it', () => {
  const result = parseConfig({
    ORION_DATABASE_URL: 'postgres://orion:secret@db/orion',
    ORION_LISTEN: '8080',
    ORION_METRICS_LISTEN: '9464',
    ORION_LEASE_DURATION: '5s',
    ORION_LEASE_RETRY_PERIOD: 'often',
    ORION_LOG_LEVEL: 'loud',
    ORION_LOG_FORMAT_FILE: '/does/not/exist',
    ORION_INSTANCE: 'a b',
    ORION_HOME: '/o',
    ORION_HOME_FILE: '/o',
  });
  expect(result).toEqual({
    ok: false,
    problems: [
      expect.stringMatching(/^ORION_HOME_FILE: expected only one/),
      expect.stringMatching(/^ORION_LOG_FORMAT_FILE: the file can't be read \(ENOENT\)/),
      expect.stringMatching(/^ORION_DATABASE_URL: expected mysql:/),
      expect.stringMatching(/^ORION_LISTEN: expected HOST:PORT/),
      expect.stringMatching(/^ORION_METRICS_LISTEN: expected HOST:PORT/),
      expect.stringMatching(/^ORION_LEASE_RETRY_PERIOD: expected a duration/),
      expect.stringMatching(/^ORION_LOG_LEVEL: expected one of/),
      expect.stringMatching(/^ORION_INSTANCE: /),
      expect.stringMatching(/^ORION_LEASE_DURATION: expected more than ORION_LEASE_RENEW_DEADLINE \(10s\)/),
    ],
  });
  expect(JSON.stringify(result)).not.toContain('secret');
});

test.each(['1s', '90s', '24h'])('nodes may be inspected every %s', (text) => {
  expect(parse({ ORION_INSPECT_INTERVAL: text }).inspectIntervalMs).toBeGreaterThanOrEqual(1_000);
});

test.each(['0s', '999ms', '25h', '60', 'often', '-1m'])('nodes may not be inspected every %s', (text) => {
  expect(parseConfig({ ...DATABASE, ORION_INSPECT_INTERVAL: text })).toEqual({
    ok: false,
    problems: [expect.stringMatching(/^ORION_INSPECT_INTERVAL: expected a duration/)],
  });
});

test('the times of the lease must leave room for retries', () => {
  const result = parseConfig({ ...DATABASE, ORION_LEASE_RENEW_DEADLINE: '2s' });
  expect(result).toMatchObject({
    ok: false,
    problems: ['ORION_LEASE_RENEW_DEADLINE: expected more than ORION_LEASE_RETRY_PERIOD (2s)'],
  });
});

test('trusted proxies are addresses and networks', () => {
  const { trustedProxies } = parse({ ORION_TRUSTED_PROXIES: '10.0.0.0/8, fd00::1' });
  expect(trustedProxies.map(({ family, bits }) => [family, bits])).toEqual([
    [4, 8],
    [6, 128],
  ]);
  expect(parse({}).trustedProxies).toEqual([]);
  expect(parseConfig({ ...DATABASE, ORION_TRUSTED_PROXIES: '10.0.0.0/8, proxy' })).toMatchObject({
    problems: [
      expect.stringMatching(
        /^ORION_TRUSTED_PROXIES: expected addresses and networks .*; number 2 is neither$/,
      ),
    ],
  });
});
