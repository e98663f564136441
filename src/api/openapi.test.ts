import { expect, test } from 'vitest';
import { createApiBench } from './api.fixture.ts';

interface Description {
  openapi: string;
  paths: Record<string, Record<string, { responses: object; summary?: string }>>;
}

test('every call under /api is described, with a summary and its answers', async () => {
  const { app } = await createApiBench();
  const response = await app.request('/openapi.json');
  expect(response.status).toBe(200);
  const description = (await response.json()) as Description;
  expect(description.openapi).toMatch(/^3\.1\./);
  const described = Object.entries(description.paths).flatMap(([path, calls]) =>
    Object.keys(calls).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const routes = app.routes
    .filter(({ method, path }) => method !== 'ALL' && path.startsWith('/api'))
    .map(({ method, path }) => `${method} ${path.replaceAll(/:([^/]+)/g, '{$1}')}`);
  expect([...new Set(routes)].toSorted()).toEqual(described.toSorted());
  for (const calls of Object.values(description.paths)) {
    for (const call of Object.values(calls)) {
      expect(call.summary).toBeTruthy();
      expect(Object.keys(call.responses)).toContain('401');
    }
  }
});
