import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Actor } from '../../core/history/actor.ts';
import type { EventType, NewEvent } from '../../core/history/event.ts';
import type { TokenView } from '../../core/ports/tokens.ts';
import { DNS_LABEL } from '../../core/text/dns-label.ts';
import { parseDuration } from '../../core/text/duration.ts';
import { SHOWABLE_TEXT } from '../../core/text/escape-text.ts';
import { createTokenSecret } from '../../secrets/token-secret.ts';
import type { ApiDeps, AppEnv } from '../app-env.ts';
import { createRoute } from '../description/create-route.ts';
import { requireAdmin } from '../middleware.ts';
import { invalidInput, ProblemError } from '../problem.ts';
import { body, json, problems } from '../respond.ts';
import { pageOf, pageQuery, time } from '../schemas/rental.ts';

const tokenSchema = z
  .object({
    id: z.string(),
    name: z.string().nullable(),
    tenant: z.string(),
    role: z.enum(['tenant', 'admin']),
    createdAt: time,
    expiresAt: time.nullable(),
    revokedAt: time.nullable(),
  })
  .openapi('Token');

const newTokenSchema = z
  .strictObject({
    tenant: z.string().regex(DNS_LABEL, 'expected a DNS label'),
    role: z.enum(['tenant', 'admin']).default('tenant'),
    name: z
      .string()
      .min(1)
      .max(63)
      .regex(SHOWABLE_TEXT, 'expected no control characters')
      .openapi({ type: 'string', minLength: 1, maxLength: 63 })
      .optional(),
    expiresIn: z.string().optional().openapi({ example: '720h' }),
  })
  .openapi('NewToken', { example: { tenant: 'demo', name: 'ci', expiresIn: '720h' } });

const middleware = requireAdmin();
const routes = {
  list: createRoute({
    method: 'get',
    path: '/api/tokens',
    operationId: 'listTokens',
    summary: 'Tokens, oldest first, without their secrets',
    description: 'Includes those that were revoked or have expired.',
    middleware,
    request: { query: pageQuery },
    responses: { 200: json(pageOf(tokenSchema), 'A page'), ...problems('forbidden') },
  }),
  create: createRoute({
    method: 'post',
    path: '/api/tokens',
    operationId: 'createToken',
    summary: 'Create a token; its secret is shown only once',
    description: 'Only a hash of it is stored. Without `expiresIn` it lasts until it is revoked.',
    middleware,
    request: body(newTokenSchema, true),
    responses: {
      201: json(tokenSchema.extend({ token: z.string().openapi({ example: 'orion_k5x2m7q9ab_…' }) }), 'Made'),
      ...problems('forbidden'),
    },
  }),
  revoke: createRoute({
    method: 'delete',
    path: '/api/tokens/{id}',
    operationId: 'revokeToken',
    summary: 'Revoke a token',
    description: 'It is refused from then on; sessions and watches that it opened end within a second.',
    middleware,
    request: { params: z.object({ id: z.string().max(80).openapi({ example: 'k5x2m7q9ab' }) }) },
    responses: { 204: { description: 'Revoked' }, ...problems('forbidden', 'not_found') },
  }),
};

export function addTokenRoutes(app: OpenAPIHono<AppEnv>, { store, clock }: ApiDeps): void {
  app.openapi(routes.list, async (c) => {
    const { limit, cursor } = c.req.valid('query');
    const all = await store.listTokens();
    const start = cursor === undefined ? 0 : all.findIndex(({ id }) => id === cursor) + 1;
    if (cursor !== undefined && start === 0)
      throw invalidInput('query cursor', 'expected a cursor of this list');
    const items = all.slice(start, start + limit);
    const nextCursor = all.length > start + limit ? (items.at(-1)?.id ?? null) : null;
    return c.json({ items: items.map(viewToken), nextCursor }, 200);
  });

  app.openapi(routes.create, async (c) => {
    const { tenant, role, name = null, expiresIn } = c.req.valid('json');
    const lifeMs = expiresIn === undefined ? null : parseDuration(expiresIn);
    if (expiresIn !== undefined && !lifeMs)
      throw invalidInput('expiresIn', 'expected a duration such as 720h');
    const { id, token, hash } = createTokenSecret();
    const createdAt = clock.now();
    const expiresAt = lifeMs === null ? null : new Date(createdAt.getTime() + lifeMs);
    const made = { id, name, tenant, role, createdAt, expiresAt, revokedAt: null };
    const event = eventOf('token.created', made, createdAt, c.var.actor);
    await store.createToken({ id, name, hash, tenant, role, createdAt, expiresAt }, event);
    return c.json({ ...viewToken(made), token }, 201);
  });

  app.openapi(routes.revoke, async (c) => {
    const { id } = c.req.valid('param');
    const found = (await store.listTokens()).find((token) => token.id === id);
    const now = clock.now();
    if (!found || !(await store.revokeToken(id, now, eventOf('token.revoked', found, now, c.var.actor))))
      throw new ProblemError('not_found', `there is no token ${id}`);
    return c.body(null, 204);
  });
}

function viewToken({ createdAt, expiresAt, revokedAt, ...rest }: TokenView) {
  const time = (at: Date | null) => at?.toISOString() ?? null;
  return {
    ...rest,
    createdAt: createdAt.toISOString(),
    expiresAt: time(expiresAt),
    revokedAt: time(revokedAt),
  };
}

function eventOf(type: EventType, { id, name, tenant, role }: TokenView, at: Date, actor: Actor): NewEvent {
  const message = `${name === null ? id : `${name} (${id})`}, ${role} of ${tenant}`;
  const about = { rentalId: null, node: null, tenant, object: null };
  return { type, at, ...about, reason: 'Accepted', message, actor };
}
