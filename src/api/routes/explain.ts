import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { explainRental, lastPlacement } from '../../core/rental/explanation.ts';
import type { ApiDeps, AppEnv } from '../app-env.ts';
import { scopeOf } from '../caller/scope.ts';
import { createRoute } from '../description/create-route.ts';
import { requireRental } from '../rental/reads.ts';
import { json, problems } from '../respond.ts';
import { explanationSchema } from '../schemas/explain.ts';

const route = createRoute({
  method: 'get',
  path: '/api/rentals/{id}/explain',
  operationId: 'explainRental',
  summary: 'Why a rental is where it is, or why it waits: each node that was passed over, with the reason',
  description:
    '`wanted` is computed now, by the function that places rentals; `placement.decision` has the inputs of the last placement decision, as they were then.',
  request: {
    params: z.object({
      id: z.string().min(1).max(80).openapi({ description: 'id or name', example: 'build-box' }),
    }),
  },
  responses: { 200: json(explanationSchema, 'The explanation'), ...problems('not_found') },
});

export function addExplainRoute(app: OpenAPIHono<AppEnv>, { store, clock }: ApiDeps): void {
  app.openapi(route, async (c) => {
    const { id } = c.req.valid('param');
    const rental = await requireRental({ store }, scopeOf(c.var.principal), id);
    const last = lastPlacement(rental);
    const [nodes, occupants, decision] = await Promise.all([
      store.listNodes(),
      store.listOccupants(),
      last ? store.loadDecision(last.epoch) : null,
    ]);
    return c.json(explainRental(rental, nodes, occupants, decision, clock.now()), 200);
  });
}
