import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Reason } from '../../core/failure/reason.ts';
import { isBreakerOpen, type PoolView, viewPool } from '../../core/health/pool-view.ts';
import type { Actor } from '../../core/history/actor.ts';
import type { EventType } from '../../core/history/event.ts';
import { type Attribution, type ControlRequest, describeAttribution } from '../../core/model/controls.ts';
import type { ApiDeps, AppEnv } from '../app-env.ts';
import { describeAuthor } from '../caller/author.ts';
import { createRoute } from '../description/create-route.ts';
import { requireAdmin } from '../middleware.ts';
import { ProblemError } from '../problem.ts';
import { body, json, problems } from '../respond.ts';
import { attributionSchema, reasonText } from '../schemas/attribution.ts';
import { conditionSchema } from '../schemas/rental.ts';

const poolSchema = z
  .object({
    conditions: z.array(conditionSchema),
    pause: attributionSchema.nullable().openapi({ description: 'null: nobody has paused it' }),
    override: attributionSchema
      .extend({ used: z.boolean().openapi({ description: 'whether the leader has acted on it' }) })
      .nullable()
      .openapi({ description: 'the last override of the breaker; null: there never was one' }),
  })
  .openapi('Pool');

const why = body(z.strictObject({ reason: reasonText }).openapi('PoolReason'), true);
const accepted = {
  202: json(poolSchema, 'Recorded; the leader carries it out in its next pass'),
  ...problems('forbidden'),
};
const routes = {
  read: createRoute({
    method: 'get',
    path: '/api/pool',
    operationId: 'getPool',
    summary:
      'The state of the fleet as a whole: whether clients are moved when their node dies, whether Orion is paused',
    description:
      'The condition `MovesAllowed` is False while so much of the fleet is unhealthy at once that the fault is more likely ours; `Paused` is True while an operator holds everything.',
    middleware: requireAdmin(),
    responses: { 200: json(poolSchema, 'The pool'), ...problems('forbidden') },
  }),
  pause: createRoute({
    method: 'post',
    path: '/api/pool/pause',
    operationId: 'pausePool',
    summary: 'Start nothing new on any node and move no rental until Orion is resumed',
    description:
      'Nodes are still probed and requests are still accepted; they wait. Running work still finishes. Repeating it changes nothing, not even the author.',
    middleware: requireAdmin(),
    request: why,
    responses: accepted,
  }),
  resume: createRoute({
    method: 'post',
    path: '/api/pool/resume',
    operationId: 'resumePool',
    summary: 'Resume after a pause',
    description: 'The history records the author. Without a pause it changes nothing.',
    middleware: requireAdmin(),
    responses: accepted,
  }),
  override: createRoute({
    method: 'post',
    path: '/api/pool/override-breaker',
    operationId: 'overrideBreaker',
    summary: 'Move the clients of the nodes that are dead now, once, despite the open breaker',
    description:
      'Use it only when those nodes are known to be really gone. The next pass uses it up, so it does not cover nodes that die later.',
    middleware: requireAdmin(),
    request: body(
      z
        .strictObject({
          reason: reasonText,
          confirm: z.literal(true, 'expected true: what clients have on those nodes is left behind'),
        })
        .openapi('BreakerOverride'),
      true,
    ),
    responses: { ...accepted, ...problems('forbidden', 'pool_conflict') },
  }),
};

export function addPoolRoutes(app: OpenAPIHono<AppEnv>, { store, clock, wake }: ApiDeps): void {
  const last = async (type: EventType) => {
    const filter = { rentalId: null, node: null, type, beforeSeq: null, limit: 1 };
    return (await store.listRecentEvents(null, filter))[0] ?? null;
  };
  async function load(): Promise<PoolView> {
    const [opened, closed, resumed, controls] = await Promise.all([
      last('pool.breaker_opened'),
      last('pool.breaker_closed'),
      last('pool.resumed'),
      store.loadControls(),
    ]);
    return viewPool({ opened, closed, resumed }, controls);
  }
  function ask(principal: AppEnv['Variables']['principal'], reason: string | null): Attribution {
    return { reason, by: describeAuthor(principal), at: clock.now() };
  }
  async function write(request: ControlRequest, ask: Attribution, actor: Actor): Promise<PoolView> {
    const [type, named] = EVENTS[request.kind];
    const about = { rentalId: null, node: null, tenant: null, object: null };
    await store.writeControl(request, {
      type,
      at: ask.at,
      ...about,
      reason: named,
      message: describeAttribution(ask),
      actor,
    });
    wake?.();
    return await load();
  }

  app.openapi(routes.read, async (c) => c.json(await load(), 200));
  app.openapi(routes.pause, async (c) => {
    const asked = ask(c.var.principal, c.req.valid('json').reason);
    return c.json(await write({ kind: 'pause', ...asked }, asked, c.var.actor), 202);
  });
  app.openapi(routes.resume, async (c) => {
    const asked = ask(c.var.principal, null);
    return c.json(await write({ kind: 'resume' }, asked, c.var.actor), 202);
  });
  app.openapi(routes.override, async (c) => {
    const [opened, closed] = await Promise.all([last('pool.breaker_opened'), last('pool.breaker_closed')]);
    if (!isBreakerOpen(opened, closed))
      throw new ProblemError('pool_conflict', 'the breaker is not open, so there is nothing to override');
    const asked = ask(c.var.principal, c.req.valid('json').reason);
    return c.json(await write({ kind: 'override', ...asked }, asked, c.var.actor), 202);
  });
}

const EVENTS: Record<ControlRequest['kind'], [EventType, Reason]> = {
  pause: ['pool.paused', 'Paused'],
  resume: ['pool.resumed', 'Resumed'],
  override: ['pool.override_requested', 'BreakerOverridden'],
};
