import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { ApiDeps, AppEnv } from '../app-env.ts';
import { CSRF_HEADER } from '../caller/same-origin.ts';
import { SESSION_COOKIE } from '../caller/session-cookie.ts';
import { addExamples, type Examinable } from '../description/complete.ts';
import { createRoute } from '../description/create-route.ts';
import { PROBLEM_EXAMPLES } from '../description/problem-examples.ts';
import { json } from '../respond.ts';

const document = z
  .record(z.string(), z.unknown())
  .openapi({ example: { openapi: '3.1.0', info: { title: 'Orion', version: '0.1.0' }, paths: {} } });

const route = createRoute({
  method: 'get',
  path: '/openapi.json',
  operationId: 'getDescription',
  summary: 'This description',
  description: 'Generated from the routes themselves; the typed client in src/client is generated from it.',
  security: [],
  responses: {
    200: json(document, 'OpenAPI 3.1'),
  },
});

const ABOUT =
  'Lends out the machines of a known fleet. Errors are RFC 9457 problems with a stable `code`; times are RFC 3339 in UTC. ' +
  'Lists are `{items, nextCursor}` and page with `limit` and `cursor`. With `Accept: text/event-stream` a list or an ' +
  'object is watched, and `Last-Event-ID` resumes.';

/** The description of the API, made from the routes themselves. */
export function addDescriptionRoute(app: OpenAPIHono<AppEnv>, { version }: ApiDeps): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' });
  for (const [code, example] of Object.entries(PROBLEM_EXAMPLES)) {
    app.openAPIRegistry.registerComponent('examples', code, example);
  }
  app.openAPIRegistry.registerComponent('securitySchemes', 'session', {
    type: 'apiKey',
    in: 'cookie',
    name: SESSION_COOKIE,
    description: 'Set by POST /api/session, as for the dashboard',
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'csrf', {
    type: 'apiKey',
    in: 'header',
    name: CSRF_HEADER,
    description: 'The csrfToken of GET /api/session, for writes with a session',
  });
  let made: object | null = null;
  // Made once, on the first request: by then every route is registered.
  const describe = () => {
    const description = app.getOpenAPI31Document({
      openapi: '3.1.0',
      info: { title: 'Orion', version, description: ABOUT, license: { name: 'Apache-2.0' } },
      security: [{ token: [] }, { session: [] }],
    });
    addExamples(description as Examinable);
    return description;
  };
  app.openapi(route, (c) => {
    made ??= describe();
    return c.json(made, 200);
  });
}
