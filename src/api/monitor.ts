import { OpenAPIHono } from '@hono/zod-openapi';
import type { Readiness } from '../core/ports/stores.ts';
import type { ApiDeps, AppEnv } from './app-env.ts';
import { observe } from './middleware.ts';
import { answerProblem, ProblemError } from './problem.ts';
import { addHealthRoutes } from './routes/health.ts';
import { answerMetrics } from './routes/metrics.ts';

type MonitorDeps = { store: Readiness } & Pick<
  ApiDeps,
  'logger' | 'logScope' | 'version' | 'isShuttingDown' | 'isTurning' | 'ownFault' | 'metrics'
>;

/**
 * Health and metrics for whatever monitors a daemon (ORION_METRICS_LISTEN), and nothing else. No token is needed,
 * since it listens only where those who may ask can reach it. A daemon that serves no API has it, too.
 */
export function createMonitor(deps: MonitorDeps): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  app.onError(answerProblem);
  app.notFound((c) =>
    answerProblem(new ProblemError('not_found', 'this port serves /healthz, /readyz and /metrics'), c),
  );
  app.use(observe(deps));
  addHealthRoutes(app, deps);
  app.get('/metrics', answerMetrics(deps.metrics));
  return app;
}
