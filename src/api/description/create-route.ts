import { createRoute as describeRoute, type RouteConfig, z } from '@hono/zod-openapi';
import { MAX_BODY_BYTES, readBody } from '../body/read.ts';
import type { ProblemCode } from '../problem.ts';
import { codesOf, describeProblems, header } from '../respond.ts';

type Config = Omit<RouteConfig, 'path'> & { path: string; maxBodyBytes?: number };

const REQUEST_ID = {
  'X-Request-Id': header(
    'Also in the log and in problems; an id of 8 to 64 characters that the client sends is kept',
    'f3a1c9d2',
  ),
};

const RATE = {
  'RateLimit-Policy': header(
    'For tenants with a limit: `q` requests per `w` seconds',
    '"tenant";q=600;w=60',
    false,
  ),
  RateLimit: header(
    'Requests left (`r`), and seconds until the budget is full again (`t`)',
    '"tenant";r=599;t=1',
    false,
  ),
};

/**
 * A route with its description, in the chapter that its address names. `operationId` is its name in the typed
 * client; `description` holds what does not fit into the summary. Under /api, a write's body is read only after the
 * route's own middleware has let the request pass. A route without query parameters refuses any, so that a misspelt
 * filter is an error and not a longer list.
 */
export function createRoute<
  Path extends string,
  Given extends Omit<RouteConfig, 'path'> & {
    path: Path;
    operationId: string;
    summary: string;
    description: string;
    /** 16 KiB when left out. */
    maxBodyBytes?: number;
  },
>(given: Given): ReturnType<typeof describeRoute<Path, Given>> {
  const { maxBodyBytes = MAX_BODY_BYTES, ...config } = given;
  const isApi = config.path.startsWith('/api/');
  return describeRoute<Path, Given>({
    ...(config as unknown as Given),
    middleware: [
      ...[config.middleware ?? []].flat(),
      ...(isApi && config.method !== 'get' ? [readBody(maxBodyBytes)] : []),
    ],
    tags: [chapterOf(config.path)],
    security: config.security ?? securityOf(config),
    ...(isApi ? { request: { query: z.strictObject({}), ...config.request } } : {}),
    responses: describeAnswers(config, isApi ? impliedBy(config) : []) as Given['responses'],
  });
}

function chapterOf(path: string): string {
  const [, first, kind = ''] = path.split('/');
  if (first !== 'api') return 'service';
  return kind === 'rent' ? 'rentals' : kind;
}

/** A caller signed in by cookie must prove that a write comes from one of Orion's pages. */
function securityOf({ method }: Config): Record<string, string[]>[] {
  return [{ token: [] }, { session: [], ...(method === 'get' ? {} : { csrf: [] }) }];
}

const OF_BODIES: ProblemCode[] = [
  'malformed_request',
  'request_too_slow',
  'body_too_large',
  'unsupported_media_type',
  'too_many_bodies',
  'busy',
];

/** The problems that the middleware can answer with before the route runs. */
function impliedBy({ method, security }: Config): ProblemCode[] {
  const ofTenants: ProblemCode[] = security?.length === 0 ? [] : ['rate_limited', 'too_many_attempts'];
  if (method === 'get') return ofTenants;
  const ofWrites: ProblemCode[] = [...ofTenants, 'cross_site'];
  return [...ofWrites, ...OF_BODIES];
}

/** Adds the common header to each answer, and lists each problem once, whoever named it. */
function describeAnswers({ responses }: Config, implied: ProblemCode[]): RouteConfig['responses'] {
  const all = { ...responses, ...describeProblems([...implied, ...codesOf(responses)]) };
  return Object.fromEntries(
    Object.entries(all).map(([status, answer]) => {
      const headers = 'headers' in answer ? answer.headers : {};
      return [
        status,
        {
          ...answer,
          headers: { ...REQUEST_ID, ...(implied.includes('rate_limited') ? RATE : {}), ...headers },
        },
      ];
    }),
  ) as RouteConfig['responses'];
}
