import { z } from '@hono/zod-openapi';
import { RENTAL_PHASES } from '../../core/model/rental.ts';
import { placementSchema, time } from './rental.ts';

const passedOver = z
  .object({
    nodes: z.array(z.object({ node: z.string(), reason: z.string() })),
    others: z
      .array(z.object({ reason: z.string(), count: z.int() }))
      .openapi({ description: 'the nodes that are not named, counted by reason' }),
  })
  .openapi({
    description: 'at most 50 nodes are named, those closest to being taken first',
    example: { nodes: [{ node: 'worker_1', reason: 'Occupied' }], others: [] },
  });

const decision = z
  .object({
    usable: z.int().openapi({ description: 'nodes that could have been taken, this one included' }),
    rank: z
      .object({
        failedHere: z.int().openapi({ description: 'accounts of this rental that failed there' }),
        pickier: z.int().openapi({ description: 'pickier rentals that waited for a node like it' }),
        failedLatelyAt: time.nullable().openapi({ description: 'when the node last failed, if recently' }),
        inZone: z.int().openapi({ description: 'rentals in its zone' }),
        restedSince: time.nullable(),
      })
      .openapi({
        description: 'what counted against the node, most important first; the lowest rank is chosen',
      }),
    passedOver,
    breaker: z.object({ open: z.boolean(), message: z.string() }),
  })
  .openapi({ description: 'the inputs of the placement decision, as they were then' });

export const explanationSchema = z
  .object({
    rental: z.string().openapi({ example: 'r_3k5mzq7xw2c4d6fa' }),
    name: z.string().openapi({ example: 'amber-otter-42' }),
    phase: z.enum(RENTAL_PHASES),
    node: z.string().nullable(),
    reason: z.string().openapi({ example: 'NoFreeNode' }),
    message: z.string(),
    since: time.nullable(),
    queuePosition: z.int().nullable(),
    queueEstimateAt: time.nullable(),
    wanted: z
      .object({
        usable: z.int().openapi({ description: 'nodes that could be taken now' }),
        passedOver,
      })
      .nullable()
      .openapi({
        description: 'as of now, for a rental that wants a node or another one; null: it wants none',
      }),
    placement: placementSchema
      .extend({ decision: decision.nullable() })
      .nullable()
      .openapi({ description: 'the last one' }),
    meanings: z.record(z.string(), z.string()).openapi({
      description: 'what each reason in this answer means',
      example: { Occupied: 'Another rental is on the node.' },
    }),
  })
  .openapi('Explanation');
