import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Readiness } from '../../core/ports/stores.ts';
import type { ApiDeps, AppEnv } from '../app-env.ts';
import { createRoute } from '../description/create-route.ts';
import { ProblemError } from '../problem.ts';
import { describeProblems, json } from '../respond.ts';

type HealthDeps = { store: Readiness } & Pick<
  ApiDeps,
  'version' | 'isShuttingDown' | 'isTurning' | 'ownFault'
>;

const routes = {
  live: createRoute({
    method: 'get',
    path: '/healthz',
    operationId: 'getHealth',
    summary: 'Liveness: this process answers, and its reconciler, if it has one, makes progress',
    description: 'Says nothing about the database: a process that waits for it is alive.',
    security: [],
    responses: {
      200: json(
        z.object({ status: z.literal('ok'), version: z.string().openapi({ example: '0.1.0' }) }),
        'Alive',
      ),
      ...describeProblems(['not_ready']),
    },
  }),
  ready: createRoute({
    method: 'get',
    path: '/readyz',
    operationId: 'getReadiness',
    summary: 'Readiness: the database can be reached and has the schema of this program',
    description:
      'Also not ready while the process lacks files, ports, memory, disk, its key or room for the database (`orion_control_plane_fault`), and while it shuts down, so that a proxy picks another one.',
    security: [],
    responses: {
      200: json(z.object({ status: z.literal('ready') }), 'Ready'),
      ...describeProblems(['not_ready', 'shutting_down']),
    },
  }),
};

/** For the machines that monitor this one. They need no token. */
export function addHealthRoutes(
  app: OpenAPIHono<AppEnv>,
  { store, version, isShuttingDown, isTurning, ownFault }: HealthDeps,
): void {
  const retry = { headers: { 'Retry-After': '5' } };
  app.openapi(routes.live, (c) => {
    if (isTurning?.() === false)
      throw new ProblemError('not_ready', 'the reconcile loop makes no progress', retry);
    return c.json({ status: 'ok', version } as const, 200);
  });
  app.openapi(routes.ready, async (c) => {
    if (isShuttingDown()) throw new ProblemError('shutting_down', 'another replica will answer', retry);
    const fault = ownFault?.() ?? null;
    if (fault !== null) throw new ProblemError('not_ready', `this process lacks something: ${fault}`, retry);
    const state = await store.checkReady().catch(() => ({ ready: false, message: 'no answer' }) as const);
    if (!state.ready) throw new ProblemError('not_ready', 'the database is not usable now', retry);
    return c.json({ status: 'ready' } as const, 200);
  });
}
