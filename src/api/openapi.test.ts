import { beforeEach, describe, expect, test } from 'vitest';
import { type ApiBench, createApiBench } from './api.fixture.ts';
import { expectDescribed, listDescribed } from './described.fixture.ts';
import { PROBLEMS } from './problem.ts';

interface Call {
  responses: Record<string, { description: string; content?: object; headers?: object }>;
  summary?: string;
  security?: object[];
  requestBody?: object;
  parameters?: { name: string; in: string }[];
}
interface Description {
  openapi: string;
  security: object[];
  paths: Record<string, Record<string, Call>>;
  components: { schemas: Record<string, object>; securitySchemes: object };
}

let bench: ApiBench;
let description: Description;
beforeEach(async () => {
  bench = await createApiBench();
  const response = await bench.app.request('/openapi.json');
  expect(response.status).toBe(200);
  description = (await response.json()) as Description;
});

const listCalls = () =>
  Object.entries(description.paths).flatMap(([path, calls]) =>
    Object.entries(calls).map(([method, call]) => ({ name: `${method.toUpperCase()} ${path}`, path, call })),
  );

describe('the description', () => {
  test('has every route, and no other', () => {
    expect(description.openapi).toMatch(/^3\.1\./);
    const routes = bench.app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path.replaceAll(/:([^/]+)/g, '{$1}')}`);
    expect([...new Set(routes)].toSorted()).toEqual(
      listCalls()
        .map(({ name }) => name)
        .toSorted(),
    );
  });

  test('says of each what it does, what it answers, and who may', () => {
    for (const { name, path, call } of listCalls()) {
      expect(call.summary, name).toBeTruthy();
      const statuses = Object.keys(call.responses);
      expect(statuses.filter((status) => status.startsWith('2')).length, name).toBeGreaterThan(0);
      for (const [status, { description }] of Object.entries(call.responses)) {
        expect(description, `${name} ${status}`).toBeTruthy();
      }
      const isOpen = call.security?.length === 0;
      const isSignIn = name === 'POST /api/session';
      expect(isOpen, name).toBe(isSignIn || (!path.startsWith('/api/') && path !== '/metrics'));
      if (!isOpen) expect(statuses, name).toEqual(expect.arrayContaining(['401', '500', '503']));
      if (call.requestBody) expect(statuses, name).toEqual(expect.arrayContaining(['400', '413', '415']));
      if (path.includes('{id}') || path.includes('{name}')) {
        // A PUT makes what is not there.
        if (!name.startsWith('PUT ')) expect(statuses, name).toContain('404');
      }
    }
    expect(description.security).toEqual([{ token: [] }, { session: [] }]);
    expect(description.components.securitySchemes).toMatchObject({
      token: { scheme: 'bearer' },
      session: { in: 'cookie' },
    });
  });

  test('names each problem where it can come, and none that there is not', () => {
    const text = JSON.stringify(description);
    for (const [code, { status }] of Object.entries(PROBLEMS)) {
      // From the parser, from a wrong address, or from a probe of readiness: said of no call.
      if (['method_not_allowed', 'headers_too_large'].includes(code)) continue;
      expect(text, code).toContain(`\`${code}\`: `);
      const answers = listCalls().some(({ call }) => String(status) in call.responses);
      expect(answers, code).toBe(true);
    }
  });

  test('tells what can be watched and resumed, and what can be repeated', () => {
    const having = (parameter: string) =>
      listCalls()
        .filter(({ call }) => call.parameters?.some(({ name }) => name === parameter))
        .map(({ name }) => name)
        .toSorted();
    expect(having('last-event-id')).toEqual([
      'GET /api/events',
      'GET /api/nodes',
      'GET /api/nodes/{name}',
      'GET /api/rentals',
      'GET /api/rentals/{id}',
    ]);
    for (const { name, call } of listCalls()) {
      const isWatchable = 'text/event-stream' in (call.responses['200']?.content ?? {});
      expect(having('last-event-id').includes(name), name).toBe(isWatchable);
      if (isWatchable) expect(call.responses['429']?.headers, name).toHaveProperty('Retry-After');
    }
    expect(having('idempotency-key')).toEqual([
      'POST /api/rent',
      'POST /api/rentals',
      'PUT /api/rentals/{id}',
    ]);
  });
});

describe('an answer that is not described', () => {
  const answer = (body: unknown, status = 200) => Response.json(body, { status });
  const check = (response: Response) => expectDescribed(bench.app, 'GET', '/healthz', response);

  test('is found by the tests of this folder, which all look', async () => {
    expect(listDescribed(bench.app).length).toBe(listCalls().length);
    await check(answer({ status: 'ok', version: '1' }));
    await expect(check(answer({ status: 'ok', version: '1', secret: 1 }))).rejects.toThrow('not described');
    await expect(check(answer({ status: 'ok' }))).rejects.toThrow('/healthz');
    await expect(check(answer({}, 418))).rejects.toThrow('is not described');
    await expect(check(new Response('x', { headers: { 'content-type': 'text/plain' } }))).rejects.toThrow(
      'that type',
    );
  });
});
