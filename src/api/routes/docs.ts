import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { ApiDeps, AppEnv } from '../app-env.ts';
import { createRoute } from '../description/create-route.ts';
import { type DocsPage, openDocsPage, PAGE_POLICY } from '../pages/docs-page.ts';
import { ProblemError } from '../problem.ts';
import { describeProblems } from '../respond.ts';

const file = { schema: z.string() };
const routes = {
  page: createRoute({
    method: 'get',
    path: '/docs',
    operationId: 'getDocs',
    summary: 'A page to read and try the API; it works offline',
    description: 'For a browser. It loads nothing from other sites.',
    security: [],
    responses: { 200: { description: 'The page', content: { 'text/html': file } } },
  }),
  file: createRoute({
    method: 'get',
    path: '/docs/{version}/{file}',
    operationId: 'getDocsFile',
    summary: 'A file of the page',
    description: 'Its address identifies its version, so it may be cached forever.',
    security: [],
    request: { params: z.object({ version: z.string(), file: z.string() }) },
    responses: {
      200: {
        description: 'The file',
        content: { 'text/css': file, 'text/javascript': file, 'image/png': file },
      },
      ...describeProblems(['not_found']),
    },
  }),
};

const ONE_YEAR_S = 365 * 24 * 3_600;

export function addDocsRoutes(app: OpenAPIHono<AppEnv>, { version }: ApiDeps): void {
  let opened: Promise<DocsPage> | null = null;
  // Opened when first needed.
  const open = () => {
    opened ??= openDocsPage(version);
    return opened;
  };

  app.openapi(routes.page, async (c) => {
    c.header('Content-Security-Policy', PAGE_POLICY);
    c.header('Referrer-Policy', 'no-referrer');
    return c.html((await open()).html, 200);
  });

  app.openapi(routes.file, async (c) => {
    const wanted = c.req.valid('param');
    const page = await open();
    const found = wanted.version === page.version ? await page.load(wanted.file) : null;
    if (found === null) throw new ProblemError('not_found', `there is no ${c.req.path}`);
    // The address names the version.
    c.header('Cache-Control', `public, max-age=${ONE_YEAR_S}, immutable`);
    c.header('Content-Type', found.type);
    return c.body(found.bytes, 200);
  });
}
