import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { StoredEvent } from '../../core/event.ts';
import type { ApiDeps, AppEnv } from '../app-env.ts';
import { invalidInput } from '../problem.ts';
import { json, problems } from '../respond.ts';
import { eventSchema, pageOf, pageQuery } from '../schemas.ts';
import { answerStream, wantsStream } from '../stream.ts';
import { scopeOf } from './rentals.ts';

const route = createRoute({
  method: 'get',
  path: '/api/events',
  summary: 'The history, oldest first; with Accept: text/event-stream what happens from now on',
  request: {
    query: pageQuery.extend({
      rental: z.string().max(80).optional().openapi({ description: 'id of a rental' }),
      node: z.string().max(80).optional(),
      type: z.string().max(80).optional(),
    }),
  },
  responses: { 200: json(pageOf(eventSchema), 'A page'), ...problems() },
});

export function addEventRoute(app: OpenAPIHono<AppEnv>, deps: ApiDeps): void {
  app.openapi(route, async (c) => {
    const { limit, cursor, rental, node, type } = c.req.valid('query');
    const tenant = scopeOf(c.var.principal);
    const filter = { rentalId: rental ?? null, node: node ?? null, type: type ?? null };
    if (wantsStream(c)) {
      const options = { name: 'event', tenant, filter, snapshot: async () => [], shape: viewEvent } as const;
      return answerStream(c, deps, options) as never;
    }
    const afterSeq = Number(cursor ?? 0);
    if (!Number.isSafeInteger(afterSeq) || afterSeq < 0)
      throw invalidInput('query cursor', 'expected a cursor');
    const events = await deps.store.listEvents(tenant, { ...filter, afterSeq, limit: limit + 1 });
    const items = events.slice(0, limit);
    const nextCursor = events.length > limit ? String(items.at(-1)?.seq) : null;
    return c.json({ items: items.map(viewEvent), nextCursor }, 200);
  });
}

function viewEvent({ seq, at, type, rentalId, node, tenant, reason, message }: StoredEvent) {
  return { seq, at: at.toISOString(), type, rental: rentalId, node, tenant, reason, message };
}
