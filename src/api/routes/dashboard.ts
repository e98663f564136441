import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { ApiDeps, AppEnv } from '../app-env.ts';
import { createRoute } from '../description/create-route.ts';
import { type DashboardFiles, readDashboardFiles } from '../pages/dashboard-files.ts';
import { createDashboardPage, DASHBOARD_POLICY, type DashboardPage } from '../pages/dashboard-page.ts';
import { ProblemError } from '../problem.ts';
import { describeProblems, header } from '../respond.ts';

/** Each can be opened, reloaded and shared. What it shows needs a sign-in. */
const PAGES = {
  '/': ['showFleet', 'The dashboard: the fleet'],
  '/nodes/{node}': ['showNode', 'The dashboard: a node'],
  '/rentals': ['showRentals', 'The dashboard: rentals'],
  '/rentals/{rental}': ['showRental', 'The dashboard: a rental'],
  '/queue': ['showQueue', 'The dashboard: rentals that wait for a machine'],
  '/events': ['showEvents', 'The dashboard: the history'],
  '/quality': ['showQuality', 'The dashboard: quality of service'],
} as const;

const text = { schema: z.string() };
const ETAG = { headers: { ETag: header('Identifies this version of the page', '"4be1d7"') } };
const fileRoute = createRoute({
  method: 'get',
  path: '/assets/{version}/{file}',
  operationId: 'getDashboardFile',
  summary: 'A file of the dashboard',
  description: 'Its address identifies its content, so it may be cached forever.',
  security: [],
  request: { params: z.object({ version: z.string(), file: z.string() }) },
  responses: {
    200: {
      description: 'The file',
      content: { 'text/css': text, 'text/javascript': text, 'image/svg+xml': text },
    },
    ...describeProblems(['not_found']),
  },
});

const ONE_YEAR_S = 365 * 24 * 3_600;

export function addDashboardRoutes(
  app: OpenAPIHono<AppEnv>,
  _deps: ApiDeps,
  read = readDashboardFiles,
): void {
  let opened: Promise<{ files: DashboardFiles; page: DashboardPage }> | null = null;
  // Read when first needed, and again after a failure.
  const open = () => {
    opened ??= read().then((files) => ({ files, page: createDashboardPage(files) }));
    opened.catch(() => {
      opened = null;
    });
    return opened;
  };

  for (const [path, [operationId, summary]] of Object.entries(PAGES)) {
    const route = createRoute({
      method: 'get',
      path,
      operationId,
      summary,
      security: [],
      description: 'For a browser, where users sign in with a token. It loads nothing from other sites.',
      request: { params: z.object(Object.fromEntries(namesIn(path).map((name) => [name, z.string()]))) },
      responses: {
        200: { description: 'The page', content: { 'text/html': text }, ...ETAG },
        304: { description: 'The browser has the current one', ...ETAG },
      },
    });
    app.openapi(route, async (c) => {
      const { page } = await open();
      c.header('Content-Security-Policy', DASHBOARD_POLICY);
      c.header('Referrer-Policy', 'same-origin');
      c.header('Cross-Origin-Opener-Policy', 'same-origin');
      c.header('Cross-Origin-Resource-Policy', 'same-origin');
      c.header('Permissions-Policy', 'camera=(), geolocation=(), microphone=(), payment=()');
      c.header('Cache-Control', 'no-cache');
      c.header('ETag', page.etag);
      if (c.req.header('if-none-match') === page.etag) return c.body(null, 304);
      return c.html(page.html, 200);
    });
  }

  app.openapi(fileRoute, async (c) => {
    const { version, file } = c.req.valid('param');
    const { files } = await open();
    const found = version === files.version ? files.files.get(file) : undefined;
    if (found === undefined) throw new ProblemError('not_found', `there is no ${c.req.path}`);
    // The address names the content.
    c.header('Cache-Control', `public, max-age=${ONE_YEAR_S}, immutable`);
    c.header('Cross-Origin-Resource-Policy', 'same-origin');
    c.header('Content-Type', found.type);
    return c.body(found.bytes, 200);
  });
}

/** The names in an address that the page itself reads. */
function namesIn(path: string): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
}
