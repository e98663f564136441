import { z } from '@hono/zod-openapi';
import { EVENT_TYPES } from '../core/event.ts';
import { NODE_STATES } from '../core/node.ts';
import { RENTAL_PHASES } from '../core/rental.ts';

/** What the API answers, for its description. The answers themselves are made by core's view functions. */

const time = z.string().openapi({ format: 'date-time', example: '2026-01-31T12:00:00.000Z' });
const labels = z.record(z.string(), z.string()).openapi({ example: { size: 'small' } });

const conditionSchema = z
  .object({
    type: z.string().openapi({ example: 'Ready' }),
    status: z.enum(['True', 'False', 'Unknown']),
    reason: z.string().openapi({ example: 'Provisioned' }),
    message: z.string(),
    lastTransitionTime: time,
  })
  .openapi('Condition');

const connectionSchema = z
  .object({
    host: z.string().openapi({ example: '127.0.0.1' }),
    port: z.number().int().openapi({ example: 22221 }),
    user: z.string().openapi({ example: 'r7f3k2a9' }),
    hostKey: z.string().nullable(),
    command: z.string().openapi({ example: 'ssh -p 22221 r7f3k2a9@127.0.0.1' }),
  })
  .openapi('Connection');

export const rentalShape = {
  id: z.string().openapi({ example: 'r_k3v7q2m5x4b6n7da' }),
  name: z.string().openapi({ example: 'build-box' }),
  tenant: z.string().openapi({ example: 'demo' }),
  generation: z.number().int().openapi({ example: 1 }),
  createdAt: time,
  spec: z.object({
    sshPublicKey: z.string(),
    selector: z.object({ matchLabels: labels, zone: z.string().nullable() }),
    ttl: z.string().openapi({ example: '6h' }),
    whenFull: z.enum(['queue', 'reject']),
    onNodeLoss: z.object({
      action: z.enum(['migrate', 'wait']),
      after: z.string().openapi({ example: '0s' }),
    }),
    webhookUrl: z.string().nullable(),
    labels,
  }),
  status: z.object({
    phase: z.enum(RENTAL_PHASES).openapi({ example: 'Active' }),
    observedGeneration: z.number().int(),
    node: z.string().nullable().openapi({ example: 'worker_1' }),
    expiresAt: time.nullable(),
    queuePosition: z.number().int().nullable(),
    connection: connectionSchema.nullable(),
    conditions: z.array(conditionSchema),
    placements: z.array(
      z.object({
        epoch: z.number().int(),
        node: z.string(),
        startedAt: time,
        readyAt: time.nullable(),
        endedAt: time.nullable(),
        endReason: z.string().nullable(),
      }),
    ),
  }),
};
export const rentalSchema = z.object(rentalShape).openapi('Rental');

export const rentedSchema = z
  .object({
    ...rentalShape,
    privateKey: z.string().optional().openapi({
      description: 'Only when Orion made the key pair, and only in this one answer.',
      example: '-----BEGIN OPENSSH PRIVATE KEY-----\n…\n-----END OPENSSH PRIVATE KEY-----\n',
    }),
  })
  .openapi('RentedRental');

const fullNodeSchema = z
  .object({
    name: z.string().openapi({ example: 'worker_1' }),
    spec: z.object({
      host: z.string(),
      port: z.number().int(),
      zone: z.string().nullable(),
      labels,
      unschedulable: z.boolean(),
    }),
    status: z.object({
      status: z.enum(['alive', 'dead', 'unknown']),
      allocated: z.boolean(),
      state: z.enum(NODE_STATES),
      rental: z.string().nullable(),
      lastChecked: time.nullable(),
      hostKey: z.string().nullable(),
      conditions: z.array(conditionSchema),
    }),
  })
  .openapi('Node');

const tenantNodeSchema = z
  .object({
    name: z.string().openapi({ example: 'worker_1' }),
    spec: z.object({ zone: z.string().nullable(), labels }),
    status: z.object({ free: z.boolean() }),
  })
  .openapi('NodeForTenant');

export const nodeSchema = z.union([fullNodeSchema, tenantNodeSchema]);

export const eventSchema = z
  .object({
    seq: z.number().int().openapi({ description: 'Place in the one order of all events.', example: 1042 }),
    type: z.enum(EVENT_TYPES),
    at: time,
    rental: z.string().nullable(),
    node: z.string().nullable(),
    tenant: z.string().nullable(),
    reason: z.string(),
    message: z.string(),
  })
  .openapi('Event');

const tokenShape = {
  id: z.string().openapi({ example: 'k3v7q2m5x4' }),
  name: z.string().nullable(),
  tenant: z.string().openapi({ example: 'demo' }),
  role: z.enum(['tenant', 'admin']),
  createdAt: time,
  expiresAt: time.nullable(),
  revokedAt: time.nullable(),
};
export const tokenSchema = z.object(tokenShape).openapi('Token');
export const newTokenSchema = z
  .object({ ...tokenShape, token: z.string().openapi({ description: 'The secret, shown this once.' }) })
  .openapi('NewToken');

export const problemSchema = z
  .object({
    type: z.string().openapi({ example: 'urn:orion:problem:no_free_node' }),
    title: z.string(),
    status: z.number().int().openapi({ example: 503 }),
    detail: z.string(),
    code: z.string().openapi({ example: 'no_free_node' }),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    requestId: z.string(),
  })
  .openapi('Problem');

export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}
