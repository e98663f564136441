import { randomUUID } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { findSource } from '../core/tenant/request-source.ts';
import type { Network } from '../core/text/ip-address.ts';
import { hashToken, isToken } from '../secrets/token-secret.ts';
import type { ApiDeps, AppEnv } from './app-env.ts';
import { actorOf } from './caller/author.ts';
import { type Credential, findPrincipal } from './caller/credential.ts';
import { requireCsrfToken } from './caller/same-origin.ts';
import { hashSessionSecret, readSessionSecret } from './caller/session-cookie.ts';
import { refuseStranger } from './caller/turn-away.ts';
import { ProblemError } from './problem.ts';

/** Gives the request its id, keeps answers out of caches and frames, and writes one line about it. */
export function observe({
  logger,
  logScope = (_fields, work) => work(),
  trustedProxies = [],
}: Pick<ApiDeps, 'logger' | 'logScope'> &
  Partial<Pick<ApiDeps, 'trustedProxies'>>): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const offered = c.req.header('x-request-id') ?? '';
    const requestId = /^[\w-]{8,64}$/.test(offered) ? offered : randomUUID();
    c.set('requestId', requestId);
    c.set('logger', logger);
    c.set('source', sourceOf(c, trustedProxies));
    const startedAtMs = performance.now();
    await logScope({ requestId }, next);
    c.header('X-Request-Id', requestId);
    c.header('X-Content-Type-Options', 'nosniff');
    if (!c.res.headers.has('Cache-Control')) c.header('Cache-Control', 'no-store');
    const { method, path } = c.req;
    const ms = Math.round(performance.now() - startedAtMs);
    const line = { requestId, method, path, status: c.res.status, ms, token: c.var.principal?.tokenId };
    if (path.startsWith('/api')) logger.info(line, 'request');
    else logger.debug(line, 'request');
  };
}

/** The address that the request comes from. Null: unknown. */
export function sourceOf(c: Context<AppEnv>, trustedProxies: readonly Network[]): string | null {
  const { incoming } = (c.env ?? {}) as { incoming?: { socket: { remoteAddress?: string | undefined } } };
  // A unix socket has none. Only the proxy reaches it.
  const peer = incoming?.socket.remoteAddress ?? null;
  return findSource(peer, c.req.header('x-forwarded-for') ?? '', trustedProxies);
}

/** Identifies the caller. Missing, malformed, unknown, expired and revoked credentials get the same answer. */
export function authenticate({ store, refusals }: ApiDeps): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const credential = readCredential(c);
    const principal = credential && (await findPrincipal(store, credential));
    if (credential === null || principal === null) throw refuseStranger(c, refusals);
    c.set('principal', principal);
    c.set('credential', credential);
    c.set('actor', actorOf(principal, c.var.source));
    await next();
  };
}

/** An Authorization header alone decides: a bad token is refused even when the browser added a good cookie. */
function readCredential(c: Context<AppEnv>): Credential | null {
  const header = c.req.header('authorization');
  if (header !== undefined) {
    const token = /^Bearer +(\S+)$/i.exec(header)?.[1] ?? '';
    return isToken(token) ? { kind: 'token', hash: hashToken(token) } : null;
  }
  const secret = readSessionSecret(c);
  if (secret === null) return null;
  requireCsrfToken(c, secret);
  return { kind: 'session', hash: hashSessionSecret(secret) };
}

export function requireAdmin(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    if (c.var.principal.role !== 'admin') {
      throw new ProblemError('forbidden', 'only administrators may make this call');
    }
    await next();
  };
}
