import type { OpenAPIHono } from '@hono/zod-openapi';
import type { ApiDeps, AppEnv } from '../app-env.ts';
import { ProblemError } from '../problem.ts';

/** For machines that look after this one; no token is needed and nothing is told. */
export function addHealthRoutes(app: OpenAPIHono<AppEnv>, { store, version, isShuttingDown }: ApiDeps): void {
  app.get('/healthz', (c) => c.json({ status: 'ok', version }));
  app.get('/readyz', async (c) => {
    const retry = { headers: { 'Retry-After': '5' } };
    if (isShuttingDown()) throw new ProblemError('shutting_down', 'another replica will answer', retry);
    const state = await store.checkReady().catch(() => ({ ready: false, message: 'no answer' }) as const);
    if (!state.ready) throw new ProblemError('not_ready', 'the database is not usable now', retry);
    return c.json({ status: 'ready' });
  });
  app.get('/', (c) => c.json({ name: 'orion', version, api: '/openapi.json' }));
}
