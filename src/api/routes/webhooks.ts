import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { NewEvent } from '../../core/history/event.ts';
import { NOTICE_TYPES } from '../../core/history/notice.ts';
import { DELIVERY_STATES, type Delivery, tellTenant } from '../../core/ports/delivery.ts';
import type { SecretVersion } from '../../core/tenant/secret-rotation.ts';
import { formerSecretEndsAt } from '../../core/tenant/secret-rotation.ts';
import type { ApiDeps, AppEnv } from '../app-env.ts';
import { scopeOf } from '../caller/scope.ts';
import { createRoute } from '../description/create-route.ts';
import { ProblemError } from '../problem.ts';
import { json, problems } from '../respond.ts';
import { pageOf, pageQuery, time } from '../schemas/rental.ts';

const deliverySchema = z
  .object({
    id: z.string().openapi({
      description: 'the `webhook-id` of each attempt to send it',
      example: 'msg_812_5f0c9a1be27d',
    }),
    type: z.enum(NOTICE_TYPES),
    rental: z.string(),
    tenant: z.string(),
    url: z.string(),
    state: z.enum(DELIVERY_STATES),
    attempts: z.int(),
    createdAt: time,
    nextAttemptAt: time.nullable(),
    lastError: z.string().nullable().openapi({
      description:
        'why the last attempt failed; the cause of a missing answer is shown only to administrators',
    }),
    endedAt: time.nullable().openapi({ description: 'when it was delivered or given up' }),
  })
  .openapi('WebhookDelivery');

const secretSchema = z
  .object({
    secret: z.string().openapi({ description: 'in the form that Standard Webhooks libraries take' }),
    version: z.int(),
    rotatedAt: time.nullable(),
    previousValidUntil: time
      .nullable()
      .openapi({ description: 'until then messages are also signed with the previous secret' }),
  })
  .openapi('WebhookSecret');

const routes = {
  list: createRoute({
    method: 'get',
    path: '/api/webhooks/deliveries',
    operationId: 'listWebhookDeliveries',
    summary: 'Messages to webhooks, newest first',
    description:
      'Messages that are to be sent, were delivered, or were given up after a day (`dead`), and why the last attempt failed.',
    request: {
      query: pageQuery.extend({
        state: z.enum(DELIVERY_STATES).optional(),
        rental: z.string().max(80).optional().openapi({ description: 'id of a rental' }),
      }),
    },
    responses: { 200: json(pageOf(deliverySchema), 'A page'), ...problems() },
  }),
  resend: createRoute({
    method: 'post',
    path: '/api/webhooks/deliveries/{id}/resend',
    operationId: 'resendWebhookDelivery',
    summary: 'Send a message again, or sooner; it is then tried for another day',
    description:
      'Under the same id, so that a receiver recognizes a message that it already has. Within a rental, messages keep their order.',
    request: {
      params: z.object({ id: z.string().min(1).max(80).openapi({ example: 'msg_812_5f0c9a1be27d' }) }),
    },
    responses: { 202: json(deliverySchema, 'It will be sent'), ...problems('not_found') },
  }),
  readSecret: createRoute({
    method: 'get',
    path: '/api/webhooks/secret',
    operationId: 'getWebhookSecret',
    summary: "The tenant's secret for signing messages",
    description: 'A receiver verifies messages with it, using any Standard Webhooks library.',
    responses: { 200: json(secretSchema, 'The secret'), ...problems('webhooks_off') },
  }),
  rotate: createRoute({
    method: 'post',
    path: '/api/webhooks/secret/rotate',
    operationId: 'rotateWebhookSecret',
    summary: 'Rotate the secret; for a day messages are also signed with the previous one',
    description: 'So a receiver that does not have the new one yet can still verify messages.',
    responses: { 200: json(secretSchema, 'The new secret'), ...problems('webhooks_off') },
  }),
};

export function addWebhookRoutes(app: OpenAPIHono<AppEnv>, deps: ApiDeps): void {
  const { store, clock, wake } = deps;

  app.openapi(routes.list, async (c) => {
    const { limit, cursor = null, state = null, rental = null } = c.req.valid('query');
    const tenant = scopeOf(c.var.principal);
    const page = await store.listDeliveries(tenant, { state, rentalId: rental }, { limit, cursor });
    return c.json({ ...page, items: page.items.map((each) => viewDelivery(each, tenant)) }, 200);
  });

  app.openapi(routes.resend, async (c) => {
    const { id } = c.req.valid('param');
    const now = clock.now();
    // The store fills in the tenant and the rental once it has found the message.
    const event: NewEvent = {
      type: 'webhook.resend_requested',
      at: now,
      rentalId: null,
      node: null,
      tenant: null,
      reason: 'Accepted',
      message: `resend of ${id} was requested`,
      object: null,
      actor: c.var.actor,
    };
    const delivery = await store.resendDelivery(scopeOf(c.var.principal), id, now, event);
    if (delivery === null) throw new ProblemError('not_found', `there is no message ${id}`);
    wake?.();
    return c.json(viewDelivery(delivery, scopeOf(c.var.principal)), 202);
  });

  app.openapi(routes.readSecret, async (c) => {
    const { tenant } = c.var.principal;
    return c.json(viewSecret(deps, tenant, await store.loadSecretVersion(tenant)), 200);
  });

  app.openapi(routes.rotate, async (c) => {
    const { tenant, tokenId } = c.var.principal;
    requireSecrets(deps);
    const event: NewEvent = {
      type: 'webhook.secret_rotated',
      at: clock.now(),
      rentalId: null,
      node: null,
      tenant,
      reason: 'Accepted',
      message: `a new webhook secret was requested by token ${tokenId}`,
      object: null,
      actor: c.var.actor,
    };
    return c.json(viewSecret(deps, tenant, await store.rotateSecret(tenant, event.at, event)), 200);
  });
}

function requireSecrets({ webhooks }: ApiDeps): (tenant: string, version: number) => string {
  if (webhooks.secretOf) return webhooks.secretOf;
  throw new ProblemError('webhooks_off', 'this Orion has no ORION_WEBHOOK_KEY to sign messages with');
}

function viewSecret(deps: ApiDeps, tenant: string, { version, rotatedAt }: SecretVersion) {
  const secretOf = requireSecrets(deps);
  const endsAt = formerSecretEndsAt({ version, rotatedAt });
  const isOver = endsAt === null || endsAt <= deps.clock.now();
  return {
    secret: secretOf(tenant, version),
    version,
    rotatedAt: rotatedAt?.toISOString() ?? null,
    previousValidUntil: isOver ? null : endsAt.toISOString(),
  };
}

/** `reader` is the tenant; null: an administrator. */
function viewDelivery(
  { messageId, rentalId, createdAt, nextAttemptAt, endedAt, ...rest }: Delivery,
  reader: string | null,
) {
  const toTime = (at: Date | null) => at?.toISOString() ?? null;
  return {
    id: messageId,
    rental: rentalId,
    ...rest,
    createdAt: createdAt.toISOString(),
    nextAttemptAt: toTime(nextAttemptAt),
    endedAt: toTime(endedAt),
    lastError: reader === null ? rest.lastError : tellTenant(rest.lastError),
  };
}
