import { z } from '@hono/zod-openapi';
import { DIFFERENCE_ID } from '../../core/model/differences.ts';
import { NODE_STATES } from '../../core/model/node-states.ts';
import { attributionSchema } from './attribution.ts';
import { conditionSchema, time } from './rental.ts';

const labels = z.record(z.string(), z.string());

/** Identifies a difference from the baseline by everything that it consists of, including a file's content. */
export const differenceId = z
  .string()
  .regex(DIFFERENCE_ID, 'expected an id of status.differences')
  .openapi({ example: '3f786850e387550fdab836ed7e6dc881' });

const heldLimit = z.object({
  holds: z.boolean().nullable().openapi({ description: 'null: the policy sets none' }),
  message: z.string(),
});

/** The node as administrators see it. */
export const adminNodeSchema = z
  .object({
    name: z.string().openapi({ example: 'worker_1' }),
    generation: z.int(),
    spec: z.object({
      host: z.string(),
      port: z.int(),
      hostKey: z.string().nullable().openapi({ description: 'the one that the inventory pins' }),
      zone: z.string().nullable(),
      labels,
      unschedulable: z.boolean(),
      draining: z.boolean(),
      maintenance: attributionSchema
        .nullable()
        .openapi({ description: 'why it is cordoned or drained, and by whom' }),
      retiring: z.boolean(),
    }),
    status: z.object({
      observedGeneration: z.int(),
      status: z.enum(['alive', 'dead', 'unknown']),
      allocated: z.boolean(),
      state: z.enum(NODE_STATES),
      stateSince: time,
      unreachableSince: time.nullable().openapi({
        description:
          'since when its probes have failed, until it has answered for long enough again; null: it answers',
      }),
      rental: z.string().nullable().openapi({ description: 'id of the rental that is on it' }),
      lastChecked: time.nullable(),
      hostKey: z.string().nullable(),
      offeredFingerprint: z.string().nullable(),
      otherFleet: z.string().nullable().openapi({
        description: 'the fleet of another Orion that the node belongs to; null: none. See `adopt`',
      }),
      differences: z
        .object({
          items: z.array(z.object({ id: differenceId, kind: z.string(), text: z.string() })),
          more: z.int().openapi({ description: 'how many more there are, beyond those listed' }),
          others: z
            .int()
            .openapi({ description: 'how many other findings there are, which cannot be accepted' }),
        })
        .nullable()
        .openapi({
          description:
            'what the last verification found that differs from the baseline of the node and may be accepted; null: nothing. See `accept`',
        }),
      nextAttemptAt: time.nullable().openapi({
        description: 'when failed work on the node is retried, while it answers; null: none waits',
      }),
      limits: z
        .object({
          checkedAt: time,
          processes: heldLimit,
          memory: heldLimit,
          userNamespaces: heldLimit,
        })
        .nullable()
        .openapi({
          description:
            'which limits of the policy hold for a client of the node, measured there when it is prepared and whenever an account is created; null: not measured yet',
        }),
      conditions: z.array(conditionSchema),
    }),
  })
  .openapi('Node');

const tenantNodeSchema = z
  .object({
    name: z.string(),
    spec: z.object({ zone: z.string().nullable(), labels }),
    status: z.object({ free: z.boolean() }),
  })
  .openapi('TenantNode');

export const nodeSchema = z.union([adminNodeSchema, tenantNodeSchema]);
