import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { ApiDeps, AppEnv } from '../app-env.ts';
import { noteDenied } from '../caller/turn-away.ts';
import { createRoute } from '../description/create-route.ts';
import { authenticate, requireAdmin } from '../middleware.ts';
import { problems } from '../respond.ts';

const EXAMPLE =
  '# HELP orion_leader 1 on the daemon that leads.\n# TYPE orion_leader gauge\norion_leader 1\n';

/** For Prometheus. It covers this daemon alone: each of the others is scraped by itself. */
export function addMetricsRoute(app: OpenAPIHono<AppEnv>, deps: ApiDeps): void {
  const route = createRoute({
    method: 'get',
    path: '/metrics',
    operationId: 'getMetrics',
    summary: 'Counts of this process and the state of the fleet, in the Prometheus text format',
    description: 'Each daemon reports its own; docs/metrics.md lists them.',
    middleware: [authenticate(deps), noteDenied(deps), requireAdmin()] as const,
    responses: {
      200: { description: 'Metrics', content: { 'text/plain': { schema: z.string(), example: EXAMPLE } } },
      ...problems('forbidden', 'too_many_attempts'),
    },
  });
  app.openapi(route, answerMetrics(deps.metrics));
}

export function answerMetrics(metrics: ApiDeps['metrics']) {
  return async (c: Context<AppEnv>) => {
    const { contentType, text } = await metrics.scrape();
    return c.text(text, 200, { 'Content-Type': contentType });
  };
}
