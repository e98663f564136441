import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { viewPlacement } from '../../core/view/rental-view.ts';
import type { ApiDeps, AppEnv } from '../app-env.ts';
import { createRoute } from '../description/create-route.ts';
import { requireAdmin } from '../middleware.ts';
import { ProblemError } from '../problem.ts';
import { json, problems } from '../respond.ts';
import { rentalName } from '../schemas/event.ts';
import { pageOf, pageQuery, placementSchema } from '../schemas/rental.ts';
import { nodeParam } from './nodes.ts';

const placedSchema = placementSchema.extend({ rental: z.string(), rentalName }).openapi('Placed');

const route = createRoute({
  method: 'get',
  path: '/api/nodes/{name}/placements',
  operationId: 'listNodePlacements',
  summary: 'The rentals that were on a node, newest first, and the result of cleaning it after each',
  description: 'Includes placements whose rental can still be read but is on another node now.',
  middleware: requireAdmin(),
  request: {
    ...nodeParam,
    query: pageQuery.extend({
      cursor: z
        .string()
        .regex(/^\d{1,15}$/, 'not a cursor of this list')
        .optional(),
    }),
  },
  responses: { 200: json(pageOf(placedSchema), 'A page'), ...problems('forbidden', 'not_found') },
});

export function addNodePlacementsRoute(app: OpenAPIHono<AppEnv>, { store }: ApiDeps): void {
  app.openapi(route, async (c) => {
    const { name } = c.req.valid('param');
    const { limit, cursor } = c.req.valid('query');
    const before = cursor === undefined ? null : Number(cursor);
    const [node, placed] = await Promise.all([
      store.loadNode(name),
      store.listPlacementsOfNode(name, { before, limit: limit + 1 }),
    ]);
    if (node === null) throw new ProblemError('not_found', `there is no node ${name}`);
    const shown = placed.slice(0, limit);
    const names = await store.listRentalNames([...new Set(shown.map(({ rentalId }) => rentalId))]);
    const items = shown.map((placement) => ({
      rental: placement.rentalId,
      rentalName: names.get(placement.rentalId) ?? null,
      ...viewPlacement(placement),
    }));
    const nextCursor = placed.length > limit ? String(items.at(-1)?.epoch) : null;
    return c.json({ items, nextCursor }, 200);
  });
}
