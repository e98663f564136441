import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { viewActor } from '../../core/history/actor.ts';
import type { StoredEvent } from '../../core/history/event.ts';
import type { ApiDeps, AppEnv } from '../app-env.ts';
import { scopeOf } from '../caller/scope.ts';
import { createRoute } from '../description/create-route.ts';
import { invalidInput } from '../problem.ts';
import { problems, watchable, watchHeader } from '../respond.ts';
import { eventSchema } from '../schemas/event.ts';
import { pageOf, pageQuery } from '../schemas/rental.ts';
import { answerStream, wantsStream } from '../watch/stream.ts';

const route = createRoute({
  method: 'get',
  path: '/api/events',
  operationId: 'listEvents',
  summary: 'The history; with Accept: text/event-stream, what happens from now on',
  description:
    'Append-only, kept for 90 days: what happened, and who requested it from where. Tenants see what happened to their rentals and what was done with their tokens; administrators see everything.',
  request: {
    headers: watchHeader,
    query: pageQuery.extend({
      cursor: z
        .string()
        .regex(/^\d{1,15}$/, 'expected a cursor of this list')
        .optional(),
      order: z
        .enum(['asc', 'desc'])
        .default('asc')
        .openapi({ description: 'oldest first, or newest first; a cursor continues in the same order' }),
      rental: z.string().max(80).optional().openapi({ description: 'id of a rental' }),
      node: z.string().max(80).optional(),
      type: z.string().max(80).optional(),
    }),
  },
  responses: { 200: watchable(pageOf(eventSchema), 'A page'), ...problems('too_many_watches') },
});

export function addEventRoute(app: OpenAPIHono<AppEnv>, deps: ApiDeps): void {
  const { store } = deps;
  app.openapi(route, async (c) => {
    const { limit, cursor, order, rental, node, type } = c.req.valid('query');
    const tenant = scopeOf(c.var.principal);
    const shape = (event: StoredEvent) => viewEvent(event, tenant);
    const filter = { rentalId: rental ?? null, node: node ?? null, type: type ?? null };
    if (wantsStream(c)) {
      if (order === 'desc') throw invalidInput('query order', 'a watch can only go forward');
      const options = { name: 'event', tenant, filter, snapshot: async () => [], shape } as const;
      return answerStream(c, deps, options);
    }
    // One more than requested shows whether there is a next page.
    const page = { ...filter, limit: limit + 1 };
    const events =
      order === 'asc'
        ? await store.listEvents(tenant, { ...page, afterSeq: Number(cursor ?? 0) })
        : await store.listRecentEvents(tenant, {
            ...page,
            beforeSeq: cursor === undefined ? null : Number(cursor),
          });
    const items = events.slice(0, limit);
    const nextCursor = events.length > limit ? String(items.at(-1)?.seq) : null;
    const ids = items.map(({ rentalId }) => rentalId).filter((id) => id !== null);
    const names = await store.listRentalNames([...new Set(ids)]);
    const named = items.map((event) => ({
      ...shape(event),
      rentalName: names.get(event.rentalId ?? '') ?? null,
    }));
    return c.json({ items: named, nextCursor }, 200);
  });
}

function viewEvent({ at, rentalId, object: _shown, actor, ...rest }: StoredEvent, reader: string | null) {
  return { ...rest, at: at.toISOString(), rental: rentalId, actor: viewActor(actor, reader) };
}
