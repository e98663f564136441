import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { NewEvent } from '../../core/history/event.ts';
import type { Tenant } from '../../core/ports/tenants.ts';
import type { TenantLimits } from '../../core/tenant/tenant.ts';
import { DNS_LABEL } from '../../core/text/dns-label.ts';
import { formatDuration } from '../../core/text/duration.ts';
import type { ApiDeps, AppEnv } from '../app-env.ts';
import { scopeOf } from '../caller/scope.ts';
import { createRoute } from '../description/create-route.ts';
import { requireAdmin } from '../middleware.ts';
import { invalidInput, ProblemError } from '../problem.ts';
import { body, json, problems } from '../respond.ts';
import { duration, pageOf, pageQuery, time } from '../schemas/rental.ts';

const MAX_RENTALS = 100_000;
const MAX_REQUESTS_PER_MINUTE = 1_000_000;
const MAX_STREAMS = 100_000;

const tenantSchema = z
  .object({
    name: z.string(),
    limits: z
      .object({
        maxRentals: z.int().nullable(),
        maxTtl: z.string().nullable(),
        requestsPerMinute: z.int().nullable(),
        maxWaits: z.int().nullable(),
        maxWatches: z.int().nullable(),
      })
      .openapi({
        description:
          'null: no limit; the policy limits a ttl in any case. Waits and watches are counted for each token at each process of the API.',
      }),
    used: z.object({
      rentals: z.int().openapi({ description: 'that have not ended, waiting ones included' }),
    }),
    updatedAt: time.nullable().openapi({ description: 'when its limits were last set' }),
  })
  .openapi('Tenant');

const limitsSchema = z
  .strictObject({
    maxRentals: z.int().min(0).max(MAX_RENTALS).nullable().optional(),
    maxTtl: duration
      .refine((ms) => ms > 0, 'expected more than 0')
      .nullable()
      .optional()
      .openapi({ type: ['string', 'null'] }),
    requestsPerMinute: z.int().min(1).max(MAX_REQUESTS_PER_MINUTE).nullable().optional(),
    maxWaits: z.int().min(0).max(MAX_STREAMS).nullable().optional(),
    maxWatches: z.int().min(0).max(MAX_STREAMS).nullable().optional(),
  })
  .openapi('TenantLimits', { example: { maxRentals: 3, maxTtl: '2h', requestsPerMinute: 600 } });

const params = z.object({ name: z.string().regex(DNS_LABEL, 'expected a DNS label') });
const routes = {
  list: createRoute({
    method: 'get',
    path: '/api/tenants',
    operationId: 'listTenants',
    summary: 'Tenants with their limits and usage, by name',
    description: 'Those with a limit, a rental that has not ended, or a token that was not revoked.',
    middleware: requireAdmin(),
    request: { query: pageQuery },
    responses: { 200: json(pageOf(tenantSchema), 'A page'), ...problems('forbidden') },
  }),
  read: createRoute({
    method: 'get',
    path: '/api/tenants/{name}',
    operationId: 'getTenant',
    summary: 'One tenant, its limits and usage',
    description: 'Tenants may read their own.',
    request: { params },
    responses: { 200: json(tenantSchema, 'The tenant'), ...problems('not_found') },
  }),
  limit: createRoute({
    method: 'patch',
    path: '/api/tenants/{name}',
    operationId: 'limitTenant',
    summary: 'Set the limits of a tenant',
    description:
      'Null lifts a limit, and omitted ones stay. Until they are set or lifted, a tenant may have 100 rentals, and each of its tokens 20 waits and 50 watches at once. Limits apply from the next request on: what a tenant already has is not taken away.',
    middleware: requireAdmin(),
    request: { params, ...body(limitsSchema, true) },
    responses: { 200: json(tenantSchema, 'The tenant as it is now'), ...problems('forbidden', 'not_found') },
  }),
};

export function addTenantRoutes(app: OpenAPIHono<AppEnv>, { store, clock }: ApiDeps): void {
  const find = async (name: string): Promise<Tenant> => {
    const tenant = await store.loadTenant(name);
    if (tenant === null) throw noTenant(name);
    return tenant;
  };

  app.openapi(routes.list, async (c) => {
    const { limit, cursor } = c.req.valid('query');
    const all = await store.listTenants();
    const start = cursor === undefined ? 0 : all.findIndex(({ name }) => name === cursor) + 1;
    if (cursor !== undefined && start === 0)
      throw invalidInput('query cursor', 'expected a cursor of this list');
    const items = all.slice(start, start + limit);
    const nextCursor = all.length > start + limit ? (items.at(-1)?.name ?? null) : null;
    return c.json({ items: items.map(viewTenant), nextCursor }, 200);
  });

  app.openapi(routes.read, async (c) => {
    const { name } = c.req.valid('param');
    const scope = scopeOf(c.var.principal);
    if (scope !== null && scope !== name) throw noTenant(name);
    return c.json(viewTenant(await find(name)), 200);
  });

  app.openapi(routes.limit, async (c) => {
    const { name } = c.req.valid('param');
    const { maxTtl, ...others } = c.req.valid('json');
    const limits = { ...others, ...(maxTtl === undefined ? {} : { maxTtlMs: maxTtl }) };
    const at = clock.now();
    const message = `limits were set by token ${c.var.principal.tokenId}: ${describeLimits(limits)}`;
    const event: NewEvent = {
      type: 'tenant.limits_changed',
      at,
      rentalId: null,
      node: null,
      tenant: name,
      reason: 'Accepted',
      message,
      object: null,
      actor: c.var.actor,
    };
    await find(name);
    if (Object.keys(limits).length > 0) await store.setLimits(name, limits, event);
    return c.json(viewTenant(await find(name)), 200);
  });
}

function noTenant(name: string): ProblemError {
  return new ProblemError('not_found', `there is no tenant ${name}: no token belongs to it`);
}

function describeLimits(limits: Partial<TenantLimits>): string {
  const { maxRentals, maxTtlMs, requestsPerMinute, maxWaits, maxWatches } = limits;
  const parts = [
    maxRentals === undefined ? [] : [`rentals at once ${maxRentals ?? 'unlimited'}`],
    maxTtlMs === undefined ? [] : [`ttl ${maxTtlMs === null ? 'unlimited' : formatDuration(maxTtlMs)}`],
    requestsPerMinute === undefined ? [] : [`requests per minute ${requestsPerMinute ?? 'unlimited'}`],
    maxWaits === undefined ? [] : [`waits ${maxWaits ?? 'unlimited'}`],
    maxWatches === undefined ? [] : [`watches ${maxWatches ?? 'unlimited'}`],
  ];
  return parts.flat().join(', ');
}

function viewTenant({ name, limits, rentals, updatedAt }: Tenant) {
  const { maxTtlMs, ...others } = limits;
  const maxTtl = maxTtlMs === null ? null : formatDuration(maxTtlMs);
  return {
    name,
    limits: { ...others, maxTtl },
    used: { rentals },
    updatedAt: updatedAt?.toISOString() ?? null,
  };
}
