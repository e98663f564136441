import { beforeEach, expect, test } from 'vitest';
import { createMetrics } from '../daemon/metrics.ts';
import { now } from './api.fixture.ts';
import { createMonitor } from './monitor.ts';
import { createPlayedStore, type PlayedStore } from './played-store.fixture.ts';

let store: PlayedStore;
let isTurning = true;
let isShuttingDown = false;
let app: ReturnType<typeof createMonitor>;
const ignore = () => undefined;
const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

beforeEach(() => {
  store = createPlayedStore(() => now);
  isTurning = true;
  isShuttingDown = false;
  app = createMonitor({
    store,
    logger,
    version: '1.2.3',
    metrics: createMetrics({ store, logger }),
    isTurning: () => isTurning,
    isShuttingDown: () => isShuttingDown,
  });
});

test('alive for as long as the reconciler turns, whatever the database does', async () => {
  store.failure = new Error('away');
  const alive = await app.request('/healthz');
  expect([alive.status, await alive.json()]).toEqual([200, { status: 'ok', version: '1.2.3' }]);
  isTurning = false;
  const still = await app.request('/healthz');
  expect([still.status, still.headers.get('retry-after')]).toEqual([503, '5']);
  expect(await still.json()).toMatchObject({
    code: 'not_ready',
    detail: 'the reconcile loop makes no progress',
  });
});

test('ready with the database and its schema, and until the daemon ends', async () => {
  expect((await app.request('/readyz')).status).toBe(200);
  store.failure = new Error('away');
  expect((await app.request('/readyz')).status).toBe(503);
  store.failure = null;
  isShuttingDown = true;
  expect((await app.request('/readyz')).status).toBe(503);
});

test('metrics without a token', async () => {
  const response = await app.request('/metrics');
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(await response.text()).toMatch(/^orion_database_up 1$/m);
});

test.each(['/', '/api/nodes', '/api/rentals', '/openapi.json', '/docs'])(
  'nothing else is here: %s',
  async (path) => {
    for (const method of ['GET', 'POST']) {
      const response = await app.request(path, { method });
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ code: 'not_found' });
    }
  },
);
