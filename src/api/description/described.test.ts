import { beforeAll, describe, expect, test } from 'vitest';
import { createApiBench } from '../api.fixture.ts';
import { readDescription } from './checked-app.fixture.ts';
import { type AnswerCheck, createAnswerCheck } from './described.fixture.ts';

// The tests of this folder check each answer with this. Here it is tested itself.

let check: AnswerCheck;
beforeAll(async () => {
  check = createAnswerCheck(await readDescription((await createApiBench()).app.request));
});

const JSON_TYPE = 'application/json';
const PROBLEM = 'application/problem+json';

function see(line: string, status: number, body: unknown, headers: Record<string, string> = {}): string {
  const [method = '', path = ''] = line.split(' ');
  const text = body === null ? null : typeof body === 'string' ? body : JSON.stringify(body);
  const all = new Headers({
    'x-request-id': 'r',
    ...(text === null ? {} : { 'content-type': JSON_TYPE }),
    ...headers,
  });
  try {
    check({ method, path, status, headers: all, text });
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

function problem(status: number, code: string, more: object = {}): object {
  return {
    type: `urn:orion:problem:${code}`,
    title: 'T',
    status,
    detail: 'd',
    code,
    requestId: 'r',
    ...more,
  };
}

const TOKEN = { id: 't', name: null, tenant: 'a', role: 'admin', createdAt: '2026-01-02T03:04:05.678Z' };
const ENDS = { expiresAt: null, revokedAt: null };

describe('an answer that the description knows', () => {
  test('passes', () => {
    expect(see('GET /healthz', 200, { status: 'ok', version: '1' })).toBe('');
    expect(see('HEAD /healthz', 200, null, { 'content-type': JSON_TYPE })).toBe('');
    expect(see('DELETE /api/tokens/x', 204, null)).toBe('');
    expect(see('GET /api/tokens?limit=1', 200, { items: [{ ...TOKEN, ...ENDS }], nextCursor: null })).toBe(
      '',
    );
    const head = { 'content-type': PROBLEM };
    expect(see('GET /api/nodes/x', 404, problem(404, 'not_found'), head)).toBe('');
    expect(see('GET /nowhere', 404, problem(404, 'not_found'), head)).toBe('');
    expect(see('PUT /api/rent', 405, problem(405, 'method_not_allowed'), head)).toBe('');
    const busy = { ...head, 'retry-after': '2' };
    expect(see('GET /nowhere', 429, problem(429, 'rate_limited'), busy)).toBe('');
  });
});

describe('an answer that it does not know', () => {
  test('is found by its status, its type and the shape of its body', () => {
    expect(see('GET /healthz', 418, {})).toContain('418 application/json is not described');
    expect(see('GET /nowhere', 200, {})).toContain('is not described');
    expect(see('GET /healthz', 200, 'x', { 'content-type': 'text/plain' })).toContain('that type');
    expect(see('GET /healthz', 200, { status: 'ok' })).toContain("must have required property 'version'");
    expect(see('GET /healthz', 200, { status: 'ok', version: 1 })).toContain('/version must be string');
    expect(see('DELETE /api/tokens/x', 204, {})).toContain('a body is not described');
  });

  test('is found by a field that is not described, however deep', () => {
    expect(see('GET /healthz', 200, { status: 'ok', version: '1', secret: 1 })).toContain('"secret"');
    const items = [{ ...TOKEN, ...ENDS, hash: 'f' }];
    expect(see('GET /api/tokens', 200, { items, nextCursor: null })).toMatch(/\/items\/0 .*"hash"/);
    // An object made of two schemas.
    expect(see('POST /api/tokens', 201, { ...TOKEN, ...ENDS, token: 's' })).toBe('');
    expect(see('POST /api/tokens', 201, { ...TOKEN, ...ENDS, token: 's', x: 1 })).toContain('"x"');
    expect(see('POST /api/tokens', 201, { ...TOKEN, ...ENDS })).toContain("'token'");
  });

  test('is found by a time that is none', () => {
    const token = { ...TOKEN, ...ENDS, token: 's', createdAt: 'yesterday' };
    expect(see('POST /api/tokens', 201, token)).toContain('/createdAt');
  });

  test('is found by its headers', () => {
    const head = { 'content-type': PROBLEM };
    const busy = problem(429, 'too_many_watches');
    expect(see('GET /api/nodes', 429, busy, head)).toContain('the header Retry-After is missing');
    expect(see('GET /api/nodes', 429, busy, { ...head, 'retry-after': 'soon' })).toContain(
      'header Retry-After',
    );
    expect(see('GET /api/nodes', 429, busy, { ...head, 'retry-after': '10' })).toBe('');
    expect(see('GET /healthz', 200, { status: 'ok', version: '1' }, { etag: '"1"' })).toContain('etag');
  });

  test('is found by a problem that contradicts itself', () => {
    const head = { 'content-type': PROBLEM };
    expect(see('GET /api/nodes/x', 404, problem(403, 'forbidden'), head)).toContain('says status 403');
    expect(see('GET /api/nodes/x', 404, problem(404, 'conflict'), head)).toContain(
      'conflict is not described',
    );
    expect(see('GET /api/nodes/x', 404, problem(404, 'not_known'), head)).toContain('/code');
  });

  test('is found among the objects of a watch', () => {
    const stream = (data: object) => `event: event\nid: 1\ndata: ${JSON.stringify(data)}\n\n`;
    const head = { 'content-type': 'text/event-stream' };
    expect(see('GET /api/events', 200, ': synced\n\n', head)).toBe('');
    expect(see('GET /api/events', 200, stream({ seq: 1 }), head)).toContain("required property 'at'");
  });
});
