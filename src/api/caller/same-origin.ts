import type { Context } from 'hono';
import type { AppEnv } from '../app-env.ts';
import { ProblemError } from '../problem.ts';
import { isCsrfToken } from './session-cookie.ts';

export const CSRF_HEADER = 'X-CSRF-Token';

/**
 * Refuses requests that a browser sends for a page of another site. Browsers name the source in Sec-Fetch-Site,
 * older ones in Origin. A client that sends neither is no browser, so there is no page that could be deceived.
 */
export function requireSameOrigin(c: Context<AppEnv>): void {
  const site = c.req.header('sec-fetch-site');
  const origin = c.req.header('origin');
  const isForeign = site === undefined ? origin !== undefined && !isOwn(origin, c) : site !== 'same-origin';
  if (isForeign || (origin !== undefined && !isOwn(origin, c))) {
    throw new ProblemError('cross_site', 'only pages of Orion itself may make this request');
  }
}

/** A write authorized by a cookie must come from one of our pages, with a value that only such a page can know. */
export function requireCsrfToken(c: Context<AppEnv>, secret: string): void {
  const isWrite = c.req.method !== 'GET' && c.req.method !== 'HEAD';
  if (!isWrite) return;
  requireSameOrigin(c);
  if (!isCsrfToken(c.req.header(CSRF_HEADER) ?? '', secret)) {
    throw new ProblemError('cross_site', `send the csrfToken of GET /api/session as ${CSRF_HEADER}`);
  }
}

/** Compares host and port only: the proxy passes on the Host that the browser sent, but TLS ends there. */
function isOwn(origin: string, c: Context<AppEnv>): boolean {
  return URL.canParse(origin) && new URL(origin).host === (c.req.header('host') ?? new URL(c.req.url).host);
}
