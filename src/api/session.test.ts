import { beforeEach, describe, expect, test } from 'vitest';
import { type ApiBench, createApiBench, KEY } from './api.fixture.ts';

const HOST = { host: 'orion.test', origin: 'https://orion.test', 'sec-fetch-site': 'same-origin' };
let bench: ApiBench;
beforeEach(async () => {
  bench = await createApiBench();
});

/** A call as a browser makes it: without an Authorization header, unless one is given. */
async function ask(line: string, headers: Record<string, string> = {}, body?: unknown): Promise<Response> {
  const [method = 'GET', path = '/'] = line.split(' ');
  const text = body === undefined ? undefined : JSON.stringify(body);
  const all = { ...HOST, ...(text ? { 'content-type': 'application/json' } : {}), ...headers };
  return await bench.app.request(path, { method, headers: all, ...(text ? { body: text } : {}) });
}

async function signIn(who: 'anna' | 'admin' = 'anna') {
  const response = await ask('POST /api/session', {}, { token: bench.tokens[who] });
  expect(response.status).toBe(201);
  const given = response.headers.get('set-cookie') ?? '';
  const { csrfToken } = (await response.json()) as { csrfToken: string };
  return { given, cookie: given.split(';')[0] as string, csrfToken };
}

describe('signing in', () => {
  test('gives a cookie that scripts, other sites and plain HTTP never get', async () => {
    const { given } = await signIn();
    expect(given).toMatch(/^__Host-orion_session=[A-Za-z0-9_-]{43};/);
    for (const attribute of ['HttpOnly', 'Secure', 'SameSite=Strict', 'Path=/', 'Max-Age=43200']) {
      expect(given.split('; ')).toContain(attribute);
    }
    expect(given).not.toContain('Domain');
  });

  test('tells who that is, and what writes need', async () => {
    const { cookie, csrfToken } = await signIn();
    const session = await (await ask('GET /api/session', { cookie })).json();
    expect(session).toMatchObject({ tenant: 'anna', role: 'tenant', csrfToken, token: { name: 'anna' } });
    expect(JSON.stringify(bench.logged)).not.toContain(cookie.split('=')[1]);
    expect((await bench.call('anna', 'GET /api/session')).status).toBe(401);
  });

  test('is refused for a token that is not valid, and after ten such tries has to wait', async () => {
    const wrong = `orion_aaaaaaaaaa_${'A'.repeat(43)}`;
    const from = (place: string) => ({ 'x-forwarded-for': `198.51.100.9, ${place}` });
    for (let tries = 1; tries <= 10; tries++) {
      const response = await ask('POST /api/session', from('192.0.2.1'), { token: wrong });
      expect([response.status, response.headers.get('set-cookie')]).toEqual([401, null]);
    }
    const held = await ask('POST /api/session', from('192.0.2.1'), { token: bench.tokens.anna });
    expect(held.status).toBe(429);
    expect(Number(held.headers.get('retry-after'))).toBeGreaterThan(0);
    const elsewhere = await ask('POST /api/session', from('192.0.2.2'), { token: bench.tokens.anna });
    expect(elsewhere.status).toBe(201);
  });

  test('is refused to pages of other sites', async () => {
    const foreign: Record<string, string>[] = [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.test' },
    ];
    for (const headers of foreign) {
      const response = await ask('POST /api/session', headers, { token: bench.tokens.anna });
      expect(response.status, JSON.stringify(headers)).toBe(403);
    }
  });
});

describe('a session', () => {
  test('reads and watches with the cookie alone', async () => {
    const { cookie } = await signIn();
    const mine = await bench.make('anna');
    await bench.make('ben');
    const list = (await (await ask('GET /api/rentals', { cookie })).json()) as { items: { id: string }[] };
    expect(list.items.map(({ id }) => id)).toEqual([mine]);
    expect((await ask('GET /api/tokens', { cookie })).status).toBe(403);
    expect((await ask('GET /api/tokens', { cookie: (await signIn('admin')).cookie })).status).toBe(200);
  });

  test('writes only from a page of ours that knows the CSRF token', async () => {
    const { cookie, csrfToken } = await signIn();
    const other = (await signIn()).csrfToken;
    const write = async (headers: Record<string, string>) =>
      (await ask('POST /api/rentals', { cookie, ...headers }, { sshPublicKey: KEY })).status;
    expect(await write({})).toBe(403);
    expect(await write({ 'x-csrf-token': other })).toBe(403);
    expect(await write({ 'x-csrf-token': csrfToken, 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await write({ 'x-csrf-token': csrfToken, origin: 'https://evil.test' })).toBe(403);
    expect(await write({ 'x-csrf-token': csrfToken, origin: 'null' })).toBe(403);
    expect(bench.store.rentals.size).toBe(0);
    expect(await write({ 'x-csrf-token': csrfToken })).toBe(202);
  });

  test('is never a way around a bad token, nor in the way of a good one', async () => {
    const { cookie } = await signIn();
    for (const authorization of ['Bearer nonsense', 'Basic YTpi', '']) {
      expect((await ask('GET /api/rentals', { cookie, authorization })).status, authorization).toBe(401);
    }
    const authorization = `Bearer ${bench.tokens.ben}`;
    const made = await ask('POST /api/rentals', { cookie, authorization }, { sshPublicKey: KEY });
    expect(await made.json()).toMatchObject({ tenant: 'ben' });
  });

  test('ends with a sign-out, and with its token', async () => {
    const { cookie, csrfToken } = await signIn();
    const second = await signIn();
    const status = async (of: string) => (await ask('GET /api/session', { cookie: of })).status;
    expect((await ask('DELETE /api/session', { cookie })).status).toBe(403);
    const left = await ask('DELETE /api/session', { cookie, 'x-csrf-token': csrfToken });
    expect(left.status).toBe(204);
    expect(left.headers.get('set-cookie')).toMatch(/^__Host-orion_session=;.*Max-Age=0/);
    expect([await status(cookie), await status(second.cookie)]).toEqual([401, 200]);
    const { items } = (await (await bench.call('admin', 'GET /api/tokens')).json()) as {
      items: { id: string; tenant: string }[];
    };
    const token = items.find(({ tenant }) => tenant === 'anna');
    await bench.call('admin', `DELETE /api/tokens/${token?.id}`);
    expect(await status(second.cookie)).toBe(401);
  });

  test('takes its watches with it', async () => {
    bench = await createApiBench({ tokenCheckMs: 5 });
    const { cookie, csrfToken } = await signIn();
    const watch = await ask('GET /api/events', { cookie, accept: 'text/event-stream' });
    const reader = (watch.body as ReadableStream<Uint8Array>).getReader();
    await ask('DELETE /api/session', { cookie, 'x-csrf-token': csrfToken });
    let done = false;
    while (!done) ({ done } = await reader.read());
    expect(done).toBe(true);
  });
});
