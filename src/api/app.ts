import { OpenAPIHono, type z } from '@hono/zod-openapi';
import { refuseAddress, requireMethod } from './allowed-methods.ts';
import type { ApiDeps, AppEnv } from './app-env.ts';
import { createBodyBudget } from './body/budget.ts';
import { BODY_LIMITS } from './body/read.ts';
import { limitRate } from './caller/limit-rate.ts';
import { noteDenied } from './caller/turn-away.ts';
import { authenticate, observe } from './middleware.ts';
import { answerProblem, ProblemError } from './problem.ts';
import { addDashboardRoutes } from './routes/dashboard.ts';
import { addDescriptionRoute } from './routes/description.ts';
import { addDocsRoutes } from './routes/docs.ts';
import { addEventRoute } from './routes/events.ts';
import { addExplainRoute } from './routes/explain.ts';
import { addHealthRoutes } from './routes/health.ts';
import { addInventoryRoutes } from './routes/inventory.ts';
import { addMetricsRoute } from './routes/metrics.ts';
import { addNodePlacementsRoute } from './routes/node-placements.ts';
import { addNodeRequestRoutes } from './routes/node-requests.ts';
import { addNodeRoutes } from './routes/nodes.ts';
import { addPoolRoutes } from './routes/pool.ts';
import { addQosRoute } from './routes/qos.ts';
import { addRentRoute } from './routes/rent.ts';
import { addRentalRoutes } from './routes/rentals.ts';
import { addSessionRoutes, addSignInRoute } from './routes/session.ts';
import { addTenantRoutes } from './routes/tenants.ts';
import { addTokenRoutes } from './routes/tokens.ts';
import { addWebhookRoutes } from './routes/webhooks.ts';

/** The API: it writes the desired state, shows the actual state, and decides nothing. */
export function createApp(deps: ApiDeps): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>({
    defaultHook: (result) => {
      if (!result.success) throw describeInput(result.error, result.target);
    },
  });
  app.onError(answerProblem);
  app.notFound((c) => answerProblem(refuseAddress(c.req.path), c));
  app.use(observe(deps), requireMethod(app));
  const bodies = createBodyBudget(BODY_LIMITS);
  app.use('/api/*', (c, next) => {
    c.set('bodies', bodies);
    return next();
  });
  addSignInRoute(app, deps);
  app.use('/api/*', authenticate(deps), noteDenied(deps), limitRate(deps));
  addSessionRoutes(app, deps);
  addRentRoute(app, deps);
  addRentalRoutes(app, deps);
  addExplainRoute(app, deps);
  addNodeRoutes(app, deps);
  addNodePlacementsRoute(app, deps);
  addNodeRequestRoutes(app, deps);
  addInventoryRoutes(app, deps);
  addPoolRoutes(app, deps);
  addEventRoute(app, deps);
  addQosRoute(app, deps);
  addTokenRoutes(app, deps);
  addTenantRoutes(app, deps);
  addWebhookRoutes(app, deps);
  addHealthRoutes(app, deps);
  addMetricsRoute(app, deps);
  addDescriptionRoute(app, deps);
  addDocsRoutes(app, deps);
  addDashboardRoutes(app, deps);
  return app;
}

/** Reports all mistakes of an input at once, each with the path of its field. */
function describeInput(error: z.ZodError, target: string): ProblemError {
  const errors = error.issues.flatMap((issue) => {
    const where = target === 'json' ? '' : `${target === 'param' ? 'path' : target} `;
    const at = (path: PropertyKey[]) => `${where}${path.map(String).join('.') || 'body'}`;
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ path: at([...issue.path, key]), message: 'there is no such field' }));
    }
    return [{ path: at(issue.path), message: issue.message }];
  });
  const detail = errors.map(({ path, message }) => `${path}: ${message}`).join('; ');
  return new ProblemError('invalid_input', detail, { errors });
}
