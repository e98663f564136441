import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { computeQos } from '../../core/qos/qos.ts';
import { parseWindow, WINDOW_FORMAT } from '../../core/qos/time.ts';
import { chooseRentals, type QosScope, viewQos } from '../../core/qos/view.ts';
import type { ApiDeps, AppEnv } from '../app-env.ts';
import { scopeOf } from '../caller/scope.ts';
import { createRoute } from '../description/create-route.ts';
import { invalidInput } from '../problem.ts';
import { requireRental } from '../rental/reads.ts';
import { json, problems } from '../respond.ts';
import { qosSchema } from '../schemas/qos.ts';

/** As many as can be read and computed in about a second. A larger history has to be requested in parts. */
const MAX_EVENTS = 300_000;

const window = z
  .string()
  .default('24h')
  .transform((text, context) => {
    const ms = parseWindow(text);
    if (ms !== null) return ms;
    context.issues.push({ code: 'custom', input: text, message: `expected ${WINDOW_FORMAT}` });
    return z.NEVER;
  });

const route = createRoute({
  method: 'get',
  path: '/api/qos',
  operationId: 'getQos',
  summary: 'The quality of service in a window that ends now, computed from the history',
  description:
    'Administrators see that of the fleet, tenants that of their own rentals. The figures survive restarts, as the history does; `series` has them over time, for charts.',
  request: {
    query: z.strictObject({
      window: window.openapi({ type: 'string', example: '24h', description: '1m to 90d' }),
      rental: z.string().min(1).max(80).optional().openapi({ description: 'id or name: only this one' }),
      limit: z.coerce
        .number()
        .int()
        .min(1)
        .max(500)
        .default(100)
        .openapi({ description: 'how many rentals to list; the total covers all' }),
    }),
  },
  responses: { 200: json(qosSchema, 'The figures'), ...problems('not_found') },
});

export function addQosRoute(app: OpenAPIHono<AppEnv>, { store, clock }: ApiDeps): void {
  app.openapi(route, async (c) => {
    const { window: windowMs, rental: name, limit } = c.req.valid('query');
    const tenant = scopeOf(c.var.principal);
    const rentalId = name === undefined ? null : (await requireRental({ store }, tenant, name)).id;
    const to = clock.now();
    const from = new Date(to.getTime() - windowMs);
    const history = await store.loadQosHistory({ tenant, rentalId, from, to, limit: MAX_EVENTS });
    if (history === null) {
      throw invalidInput('query window', `more than ${MAX_EVENTS} events are in it; ask for a shorter one`);
    }
    const scope: QosScope = rentalId !== null ? 'rental' : tenant !== null ? 'tenant' : 'fleet';
    const span = { fromMs: from.getTime(), toMs: to.getTime() };
    const qos = computeQos(span, history, scope === 'fleet');
    const listed = chooseRentals(qos, limit);
    const names = await store.listRentalNames(listed.map(({ id }) => id));
    return c.json(viewQos(qos, scope, listed, names), 200);
  });
}
