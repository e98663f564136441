import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Actor } from '../../core/history/actor.ts';
import type { EventType, NewEvent } from '../../core/history/event.ts';
import type { SignedIn } from '../../core/ports/sessions.ts';
import { placeOf } from '../../core/tenant/request-source.ts';
import { hashToken, isToken } from '../../secrets/token-secret.ts';
import type { ApiDeps, AppEnv } from '../app-env.ts';
import { createAttempts } from '../caller/attempts.ts';
import { actorOf } from '../caller/author.ts';
import { requireSameOrigin } from '../caller/same-origin.ts';
import {
  createSessionSecret,
  csrfTokenOf,
  giveSessionCookie,
  hashSessionSecret,
  readSessionSecret,
  SESSION_COOKIE,
  takeSessionCookie,
} from '../caller/session-cookie.ts';
import { createRoute } from '../description/create-route.ts';
import { ProblemError } from '../problem.ts';
import { body, header, json, problems } from '../respond.ts';
import { time } from '../schemas/rental.ts';

/** The longest that anybody stays signed in. A work shift fits in. */
const MAX_AGE_S = 12 * 3_600;
const FAILURES_PER_MINUTE = 10;

const sessionSchema = z
  .object({
    tenant: z.string(),
    role: z.enum(['tenant', 'admin']),
    token: z.object({ id: z.string(), name: z.string().nullable() }),
    expiresAt: time,
    csrfToken: z.string().openapi({ description: 'send it as X-CSRF-Token with each write' }),
  })
  .openapi('Session');

const signInSchema = z
  .strictObject({ token: z.string().max(200) })
  .openapi('SignIn', { example: { token: 'orion_…' } });

const SET_COOKIE = {
  'Set-Cookie': header(
    'HttpOnly, Secure and SameSite=Strict; empty after a sign-out',
    `${SESSION_COOKIE}=…; Max-Age=43200; Path=/; HttpOnly; Secure; SameSite=Strict`,
  ),
};

const routes = {
  signIn: createRoute({
    method: 'post',
    path: '/api/session',
    operationId: 'signIn',
    summary: 'Sign in with a token; a cookie stands in for it from then on, in this browser',
    description:
      'Lasts 12 hours, or until the token ends. After ten refused tokens within a minute the next try is 429.',
    security: [],
    maxBodyBytes: 1024,
    request: body(signInSchema, true),
    responses: {
      201: { ...json(sessionSchema, 'Signed in; the cookie is set'), headers: SET_COOKIE },
      ...problems('cross_site', 'too_many_attempts'),
    },
  }),
  read: createRoute({
    method: 'get',
    path: '/api/session',
    operationId: 'readSession',
    summary: 'Who is signed in with the cookie, and what writes with it need',
    description: '401 for callers with a token: they have no session.',
    responses: { 200: json(sessionSchema, 'The session'), ...problems() },
  }),
  signOut: createRoute({
    method: 'delete',
    path: '/api/session',
    operationId: 'signOut',
    summary: 'Sign out: the session ends at once, in every tab',
    description: 'Its watches end, too. It does nothing for callers with a token.',
    responses: { 204: { description: 'Signed out', headers: SET_COOKIE }, ...problems() },
  }),
};

/** Registered before the others: callers are not authenticated yet. */
export function addSignInRoute(app: OpenAPIHono<AppEnv>, { store, clock, logger, refusals }: ApiDeps): void {
  const attempts = createAttempts(FAILURES_PER_MINUTE, 60_000, () => clock.monotonicMs());
  app.on('POST', routes.signIn.path, async (c, next) => {
    requireSameOrigin(c);
    const waitS = attempts.waitS(placeOf(c.var.source));
    if (waitS > 0) {
      throw new ProblemError('too_many_attempts', 'too many tokens were refused; try again later', {
        headers: { 'Retry-After': String(waitS) },
      });
    }
    await next();
  });
  app.openapi(routes.signIn, async (c) => {
    const { source } = c.var;
    const from = placeOf(source);
    const { token } = c.req.valid('json');
    const principal = isToken(token) ? await store.authenticate(hashToken(token)) : null;
    if (principal === null) {
      attempts.fail(from);
      refusals.stranger('sign-in', source);
      logger.warn({ requestId: c.var.requestId, from }, 'a sign-in was refused');
      throw new ProblemError('unauthorized', 'that token is unknown, was revoked or has expired');
    }
    const secret = createSessionSecret();
    const hash = hashSessionSecret(secret);
    const createdAt = clock.now();
    const expiresAt = new Date(createdAt.getTime() + MAX_AGE_S * 1_000);
    const event = eventOf('session.created', 'signed in', createdAt, actorOf(principal, source));
    await store.createSession({ hash, tokenId: principal.tokenId, createdAt, expiresAt }, event);
    const signedIn = await store.authenticateSession(hash);
    if (signedIn === null) throw new ProblemError('unauthorized', 'the token was revoked just now');
    giveSessionCookie(c, secret, MAX_AGE_S);
    return c.json(viewSession(signedIn, secret), 201);
  });
}

/** For signed-in callers. */
export function addSessionRoutes(app: OpenAPIHono<AppEnv>, { store, clock }: ApiDeps): void {
  app.openapi(routes.read, async (c) => {
    const secret = readSessionSecret(c);
    const isByCookie = c.var.credential.kind === 'session' && secret !== null;
    const signedIn = isByCookie ? await store.authenticateSession(c.var.credential.hash) : null;
    if (signedIn === null || secret === null) {
      throw new ProblemError('unauthorized', 'nobody is signed in with a cookie');
    }
    return c.json(viewSession(signedIn, secret), 200);
  });

  app.openapi(routes.signOut, async (c) => {
    const event = eventOf('session.ended', 'signed out', clock.now(), c.var.actor);
    if (c.var.credential.kind === 'session') await store.endSession(c.var.credential.hash, event);
    takeSessionCookie(c);
    return c.body(null, 204);
  });
}

function viewSession({ tenant, role, tokenId, tokenName, expiresAt }: SignedIn, secret: string) {
  const token = { id: tokenId, name: tokenName };
  return { tenant, role, token, expiresAt: expiresAt.toISOString(), csrfToken: csrfTokenOf(secret) };
}

function eventOf(type: EventType, message: string, at: Date, actor: Actor): NewEvent {
  const about = { rentalId: null, node: null, tenant: actor.tenant, object: null };
  return { type, at, ...about, reason: 'Accepted', message, actor };
}
