import { Validator } from '@seriousme/openapi-schema-validator';
import { beforeEach, describe, expect, test } from 'vitest';
import { type ApiBench, createApiBench } from '../api.fixture.ts';
import { PROBLEMS } from '../problem.ts';
import { type Description, listCalls } from './description.fixture.ts';

let bench: ApiBench;
let description: Description;
beforeEach(async () => {
  bench = await createApiBench();
  const response = await bench.app.request('/openapi.json');
  expect(response.status).toBe(200);
  description = (await response.json()) as Description;
});

describe('the description', () => {
  test('is OpenAPI 3.1 by its own schema', async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate({ ...structuredClone(description) });
    expect(errors).toBeUndefined();
    expect([valid, validator.version]).toEqual([true, '3.1']);
  });

  test('that is none is found out', async () => {
    const rent = description.paths['/api/rent']?.post;
    const broken = { ...description, paths: { '/api/rent': { post: { ...rent, operationId: 7 } } } };
    expect((await new Validator().validate(broken)).valid).toBe(false);
  });

  test('has every route, and no other', () => {
    expect(description.openapi).toMatch(/^3\.1\./);
    const routes = bench.app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path.replaceAll(/:([^/]+)/g, '{$1}')}`);
    expect([...new Set(routes)].toSorted()).toEqual(
      listCalls(description)
        .map(({ name }) => name)
        .toSorted(),
    );
  });

  test('says of each what it does, what it answers, and who may', () => {
    for (const { name, method, path, operation } of listCalls(description)) {
      const { summary, description: about, tags, security, responses } = operation;
      expect([summary, about, tags?.[0], security].every(Boolean), name).toBe(true);
      const statuses = Object.keys(responses);
      expect(statuses.filter((status) => status.startsWith('2')).length, name).toBeGreaterThan(0);
      for (const [status, answer] of Object.entries(responses)) {
        expect(answer.description, `${name} ${status}`).toBeTruthy();
        expect(answer.headers, `${name} ${status}`).toHaveProperty('X-Request-Id');
      }
      const isOpen = security?.length === 0;
      const isSignIn = name === 'POST /api/session';
      expect(isOpen, name).toBe(isSignIn || (!path.startsWith('/api/') && path !== '/metrics'));
      if (!isOpen) expect(statuses, name).toEqual(expect.arrayContaining(['401', '500', '503']));
      if (operation.requestBody)
        expect(statuses, name).toEqual(expect.arrayContaining(['400', '413', '415']));
      // A PUT creates what is missing. A page for people is the same whatever it will find.
      const isPage = 'text/html' in (operation.responses['200']?.content ?? {});
      if (path.includes('{') && method !== 'PUT' && !isPage) expect(statuses, name).toContain('404');
    }
    expect(description.security).toEqual([{ token: [] }, { session: [] }]);
    expect(description.components.securitySchemes).toMatchObject({
      token: { scheme: 'bearer' },
      session: { in: 'cookie' },
      csrf: { in: 'header', name: 'X-CSRF-Token' },
    });
  });

  test('describes each gap in an address', () => {
    for (const { name, path, operation } of listCalls(description)) {
      const inPath = operation.parameters?.filter((parameter) => parameter.in === 'path') ?? [];
      const gaps = [...path.matchAll(/\{(\w+)\}/g)].map(([, gap]) => gap);
      expect(inPath.map((parameter) => parameter.name).toSorted(), name).toEqual(gaps.toSorted());
      expect(
        inPath.every(({ required }) => required),
        name,
      ).toBe(true);
    }
  });

  test('names each problem where it can come, and none that there is not', () => {
    const text = JSON.stringify(description);
    for (const [code, { status }] of Object.entries(PROBLEMS)) {
      // These come from the parser or from the check of the method, so no call lists them.
      if (['method_not_allowed', 'headers_too_large'].includes(code)) continue;
      expect(text, code).toContain(`\`${code}\`: `);
      const answers = listCalls(description).some(({ operation }) => String(status) in operation.responses);
      expect(answers, code).toBe(true);
    }
  });

  test('tells what can be watched and resumed, and what can be repeated', () => {
    const having = (parameter: string) =>
      listCalls(description)
        .filter(({ operation }) => operation.parameters?.some(({ name }) => name === parameter))
        .map(({ name }) => name)
        .toSorted();
    expect(having('last-event-id')).toEqual([
      'GET /api/events',
      'GET /api/nodes',
      'GET /api/nodes/{name}',
      'GET /api/rentals',
      'GET /api/rentals/{id}',
    ]);
    for (const { name, operation } of listCalls(description)) {
      const isWatchable = 'text/event-stream' in (operation.responses['200']?.content ?? {});
      expect(having('last-event-id').includes(name), name).toBe(isWatchable);
      if (isWatchable) expect(operation.responses['429']?.headers, name).toHaveProperty('Retry-After');
    }
    expect(having('idempotency-key')).toEqual([
      'POST /api/rent',
      'POST /api/rentals',
      'PUT /api/rentals/{id}',
    ]);
  });
});
