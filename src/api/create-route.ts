import { createRoute as describeRoute, type RouteConfig, z } from '@hono/zod-openapi';
import { describeProblems } from './respond.ts';

/**
 * A route with its description, in the chapter that its address names; `operationId` is what the typed client calls
 * it. Under /api, one that has no query of its own refuses every field of one, so that a misspelt filter is an error
 * and not a longer list.
 */
export function createRoute<
  Path extends string,
  Config extends Omit<RouteConfig, 'path' | 'operationId'> & { path: Path; operationId: string },
>(config: Config): ReturnType<typeof describeRoute<Path, Config>> {
  const tags = [chapterOf(config.path)];
  if (!config.path.startsWith('/api/')) return describeRoute<Path, Config>({ ...config, tags });
  const request = { query: z.strictObject({}), ...config.request };
  // Who is signed in by a cookie needs to show that a write comes from a page of Orion.
  const responses = config.method === 'get' ? {} : describeProblems([403]);
  return describeRoute<Path, Config>({
    ...config,
    tags,
    request,
    responses: { ...responses, ...config.responses },
  });
}

function chapterOf(path: string): string {
  const [, first, kind = ''] = path.split('/');
  if (first !== 'api') return 'service';
  return kind === 'rent' ? 'rentals' : kind;
}
