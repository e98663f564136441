import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { EventType } from '../../core/event.ts';
import { viewPool } from '../../core/pool-view.ts';
import type { ApiDeps, AppEnv } from '../app-env.ts';
import { createRoute } from '../create-route.ts';
import { requireAdmin } from '../middleware.ts';
import { json, problems } from '../respond.ts';
import { conditionSchema } from '../schemas.ts';

const route = createRoute({
  method: 'get',
  path: '/api/pool',
  operationId: 'getPool',
  summary: 'What is true of the fleet as a whole: whether clients are moved when their node dies',
  description:
    'The condition `MovesAllowed` is False while so much of the fleet is unhealthy at once that the fault is more likely ours.',
  middleware: requireAdmin(),
  responses: {
    200: json(z.object({ conditions: z.array(conditionSchema) }).openapi('Pool'), 'The pool'),
    ...problems('forbidden'),
  },
});

export function addPoolRoute(app: OpenAPIHono<AppEnv>, { store }: ApiDeps): void {
  const last = async (type: EventType) => {
    const filter = { rentalId: null, node: null, type, beforeSeq: null, limit: 1 };
    return (await store.listRecentEvents(null, filter))[0] ?? null;
  };
  app.openapi(route, async (c) => {
    const [opened, closed] = await Promise.all([last('pool.breaker_opened'), last('pool.breaker_closed')]);
    return c.json(viewPool(opened, closed) as never, 200);
  });
}
