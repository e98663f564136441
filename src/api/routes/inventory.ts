import { setTimeout as sleep } from 'node:timers/promises';
import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { planFleet } from '../../core/fleet/plan.ts';
import { listPolicyChanges } from '../../core/fleet/policy-changes.ts';
import type { InventoryState } from '../../core/model/inventory.ts';
import type { ApiDeps, AppEnv } from '../app-env.ts';
import { MAX_INVENTORY_BYTES } from '../body/read.ts';
import { withDeadline } from '../deadline.ts';
import { createRoute } from '../description/create-route.ts';
import { requireAdmin } from '../middleware.ts';
import { ProblemError } from '../problem.ts';
import { body, json, problems } from '../respond.ts';
import { fleetPlanSchema, inventoryAnswerSchema, inventoryStateSchema } from '../schemas/inventory.ts';

/** How long to wait for the leader, which checks for requests twice a second. */
const ANSWER_WITHIN_MS = 20_000;
const POLL_MS = 100;

const routes = {
  read: createRoute({
    method: 'get',
    path: '/api/inventory',
    operationId: 'getInventory',
    summary: 'The inventory file in force, and the result of the last request to reload it',
    description: 'The leader answers requests: one is open while `answered` is less than `requested`.',
    middleware: requireAdmin(),
    responses: { 200: json(inventoryStateSchema, 'The state'), ...problems('forbidden') },
  }),
  plan: createRoute({
    method: 'post',
    path: '/api/inventory/plan',
    operationId: 'planInventory',
    summary: 'What would happen if this were the inventory; nothing is changed',
    description:
      'Which nodes join, change and leave, and which rentals that affects, and how. Mistakes in the text are 422, each with its line and column. The body may be up to 6 MB.',
    middleware: requireAdmin(),
    maxBodyBytes: MAX_INVENTORY_BYTES,
    request: body(
      z
        .strictObject({
          text: z.string().openapi({ description: 'the YAML text of the inventory' }),
          file: z.string().min(1).max(200).default('inventory.yaml'),
        })
        .openapi('InventoryText'),
      true,
    ),
    responses: { 200: json(fleetPlanSchema, 'The plan'), ...problems('forbidden') },
  }),
  apply: createRoute({
    method: 'post',
    path: '/api/inventory/apply',
    operationId: 'applyInventory',
    summary: 'Make the daemon reload its inventory file, as SIGHUP does',
    description:
      'With `sha256`, only if its file has this hash; with `force`, even if much of the fleet is taken out.',
    middleware: requireAdmin(),
    request: body(
      z
        .strictObject({
          sha256: z
            .string()
            .regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in hex')
            .optional(),
          force: z.boolean().default(false),
        })
        .openapi('InventoryRequest'),
      true,
    ),
    responses: {
      200: json(inventoryAnswerSchema, 'Applied'),
      202: json(inventoryStateSchema, 'Recorded; no leader has answered yet'),
      ...problems('forbidden', 'inventory_refused'),
    },
  }),
};

export function addInventoryRoutes(app: OpenAPIHono<AppEnv>, deps: ApiDeps): void {
  const { store, clock, parseInventory } = deps;

  app.openapi(routes.read, async (c) => c.json(viewState(await store.loadInventoryState()), 200));

  app.openapi(routes.plan, async (c) => {
    const { text, file } = c.req.valid('json');
    const result = parseInventory(text, file);
    if (!result.ok) throw describeMistakes(result.problems);
    const [nodes, rentals] = await Promise.all([store.listNodes(), store.listOpenRentals()]);
    const { inventory } = result;
    const plan = planFleet(nodes, rentals, inventory.nodes, clock.now());
    const policy = listPolicyChanges(deps.policy, inventory.policy);
    return c.json({ sha256: inventory.sha256, ...plan, policy }, 200);
  });

  app.openapi(routes.apply, async (c) => {
    const { sha256, force } = c.req.valid('json');
    const by = c.var.principal.tokenId;
    const message = `asked to apply the file${sha256 === undefined ? '' : ` with SHA-256 ${sha256}`}${force ? ' by force' : ''}`;
    const requested = await store.requestInventory(
      { sha256: sha256 ?? null, force, by },
      {
        type: 'inventory.apply_requested',
        at: clock.now(),
        rentalId: null,
        node: null,
        tenant: null,
        reason: 'Accepted',
        message,
        object: null,
        actor: c.var.actor,
      },
    );
    deps.wake?.();
    const state = await untilAnswered(deps, requested, c.req.raw.signal);
    const answer = state !== null && state.answered >= requested ? state.answer : null;
    if (answer === null) return c.json(viewState(state), 202);
    if (answer.kind === 'refused') {
      throw new ProblemError('inventory_refused', `${answer.reason}: ${answer.message}`);
    }
    return c.json(answer, 200);
  });
}

async function untilAnswered(
  { store }: ApiDeps,
  requested: number,
  signal: AbortSignal,
): Promise<InventoryState | null> {
  const ended = withDeadline(signal, ANSWER_WITHIN_MS);
  for (;;) {
    const state = await store.loadInventoryState();
    if (ended.aborted || (state !== null && state.answered >= requested)) return state;
    await sleep(POLL_MS, undefined, { signal: ended }).catch(() => undefined);
  }
}

/** Each mistake becomes a field error whose path is its position in the file. */
function describeMistakes(mistakes: string[]): ProblemError {
  const errors = mistakes.map((mistake) => {
    const [, path = 'text', message = mistake] = /^(.*?:\d+:\d+): (.*)$/s.exec(mistake) ?? [];
    return { path, message };
  });
  const detail = `the inventory has ${errors.length === 1 ? 'a mistake' : `${errors.length} mistakes`}`;
  return new ProblemError('invalid_input', detail, { errors });
}

function viewState(state: InventoryState | null) {
  return {
    sha256: state?.appliedSha256 ?? null,
    appliedAt: state?.appliedAt?.toISOString() ?? null,
    requested: state?.requested ?? 0,
    answered: state?.answered ?? 0,
    answer: state?.answer ?? null,
  };
}
