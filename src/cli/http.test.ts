import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type FakeApi, runOrion, startFakeApi } from './fake-api.fixture.ts';

/** Made for these tests alone, for localhost, valid for a hundred years. */
const TLS = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgwU5Q9MAvWIaMC7vi
uD3iFA1oJJYp0G5TPSW4L+CHXaWhRANCAAR+ABb3rVIS7d+Y8faoD7W/EfSldlzY
31gLXHlQNGX8Ty0g6Crx3YoSfOAdJByEsx2ZU4Qf3KO5yxyVJyAhUMg5
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUGOLCjRAutctHwMZq/ToDSwIjEV8wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNDA2MzAxNloYDzIxMjYxMDMx
MDYzMDE2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAR+ABb3rVIS7d+Y8faoD7W/EfSldlzY31gLXHlQNGX8Ty0g6Crx3YoS
fOAdJByEsx2ZU4Qf3KO5yxyVJyAhUMg5o28wbTAdBgNVHQ4EFgQU1AAb7LDnFJaR
LQMUAe8z2sRqXEYwHwYDVR0jBBgwFoAU1AAb7LDnFJaRLQMUAe8z2sRqXEYwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIhAIbEAURuP2D+Biiq9ASuyfmKGH4ClOBzdDTmQpfMK1UDAiB6
ZWkVd7r313eQLMW2ljHgMegWfuTnwlgvOvhZhfejfQ==
-----END CERTIFICATE-----
`,
};

let api: FakeApi | null = null;

afterEach(async () => {
  await api?.close();
  api = null;
});

const EMPTY_LIST = { body: { items: [], nextCursor: null } };

test('the CA decides whom to trust', async () => {
  api = await startFakeApi(() => EMPTY_LIST, TLS);
  const folder = mkdtempSync(join(tmpdir(), 'orion-cli-'));
  try {
    const ca = join(folder, 'ca.pem');
    writeFileSync(ca, TLS.cert);
    const env = { ORION_URL: api.url, ORION_TOKEN: 't' };
    expect(await runOrion(['get', 'rentals'], { ...env, ORION_CA: ca })).toMatchObject({ code: 0 });
    const distrusting = await runOrion(['get', 'rentals'], env);
    expect(distrusting.code).toBe(1);
    expect(distrusting.err).toMatch(
      /certificate of https:.* is not trusted .*\nhint: .*ORION_CA, or orion login URL --ca FILE/,
    );
    const missing = await runOrion(['get', 'rentals'], { ...env, ORION_CA: join(folder, 'none') });
    expect(missing.err).toContain("(ORION_CA) can't be read: ENOENT");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('settings may stand in a file, and the environment comes first', async () => {
  api = await startFakeApi(() => EMPTY_LIST);
  const folder = mkdtempSync(join(tmpdir(), 'orion-cli-'));
  try {
    const { mkdirSync } = await import('node:fs');
    mkdirSync(join(folder, 'orion'));
    writeFileSync(join(folder, 'orion', 'config.yaml'), `url: ${api.url}\ntoken: from-file\n`);
    expect((await runOrion(['get', 'rentals'], { XDG_CONFIG_HOME: folder })).code).toBe(0);
    await runOrion(['get', 'rentals'], { XDG_CONFIG_HOME: folder, ORION_TOKEN: 'from-env' });
    expect(api.requests.map((request) => request.headers.authorization)).toEqual([
      'Bearer from-file',
      'Bearer from-env',
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a lab that was started here is pointed at', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'orion-cli-'));
  try {
    writeFileSync(join(folder, 'lab.env'), '');
    const ran = await runOrion(['get', 'rentals'], { ORION_HOME: folder });
    expect(ran.code).toBe(1);
    expect(ran.err).toContain(`run  source ${join(folder, 'lab.env')}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('nobody there', async () => {
  const ran = await runOrion(['get', 'rentals'], { ORION_URL: 'http://127.0.0.1:1', ORION_TOKEN: 't' });
  expect(ran.code).toBe(1);
  expect(ran.err).toContain("error: http://127.0.0.1:1 can't be reached (ECONNREFUSED)");
});

test('a problem is told with its fields and what to do, never as a stack', async () => {
  api = await startFakeApi(() => ({
    status: 422,
    headers: { 'content-type': 'application/problem+json', 'retry-after': '5' },
    body: {
      code: 'invalid_input',
      detail: '2 fields are wrong',
      errors: [
        { path: 'ttl', message: 'at most 12h' },
        { path: 'name', message: 'not a DNS label' },
      ],
    },
  }));
  const ran = await runOrion(['rent'], { ORION_URL: api.url, ORION_TOKEN: 't' });
  expect(ran).toMatchObject({ code: 1, out: '' });
  expect(ran.err).toContain(
    'error: 2 fields are wrong\n  ttl: at most 12h\n  name: not a DNS label\nhint: try again in 5 s\n',
  );
});

test('an answer that is no problem document still gives a sentence', async () => {
  api = await startFakeApi(() => ({ status: 502 }));
  const ran = await runOrion(['get', 'nodes'], { ORION_URL: api.url, ORION_TOKEN: 't' });
  expect(ran.err).toContain('error: the server answered 502 Bad Gateway');
});
