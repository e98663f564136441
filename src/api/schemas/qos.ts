import { z } from '@hono/zod-openapi';
import { NODE_STATES } from '../../core/model/node-states.ts';
import { RENTAL_PHASES } from '../../core/model/rental.ts';
import { OPEN_PHASES, QOS_SCOPES } from '../../core/qos/view.ts';
import { time } from './rental.ts';

const seconds = z.number().openapi({ example: 7.214 });
const distribution = (description: string) =>
  z
    .object({
      count: z.int(),
      medianSeconds: seconds.nullable(),
      p95Seconds: seconds.nullable(),
      maxSeconds: seconds.nullable(),
    })
    .openapi({ description });

const served = {
  availability: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .openapi({ description: '0 to 1; null: no client was entitled to a machine', example: 0.9987 }),
  servedSeconds: seconds.openapi({ description: 'in which a client was entitled to a machine' }),
  withoutNodeSeconds: seconds.openapi({
    description: 'of these, without a working one: from the first failed probe until it works again',
  }),
  outages: z.int().openapi({ description: 'outages that began' }),
  moves: z.int().openapi({ description: 'finished moves to another node' }),
};

const detection = distribution('from the first failed probe to the verdict that the node is dead');
const move = distribution('from that verdict to access on the new node');

const figures = {
  ...served,
  plannedMoves: z.int().openapi({ description: 'of the moves, those from a node that was being emptied' }),
  times: z.object({
    detection,
    move,
    outage: distribution('from the first sign of failure until the client has a working machine'),
    provisioning: distribution('from the placement to the first access'),
    queueWait: distribution('from the request to the placement'),
  }),
};

const bucket = z.object({
  from: time,
  seconds: seconds.openapi({ description: 'its length; the first and the last may be shorter' }),
  ...served,
  times: z.object({ detection, move }).openapi({ description: 'of verdicts and moves that finished in it' }),
  nodes: z
    .record(z.enum(NODE_STATES), z.number())
    .nullable()
    .openapi({ description: 'how many were in each state on average; null except for the fleet' }),
  rentals: z.record(z.enum(OPEN_PHASES), z.number()).openapi({ description: 'likewise by phase' }),
});

export const qosSchema = z
  .object({
    window: z.object({ from: time, to: time, seconds }),
    scope: z.enum(QOS_SCOPES).openapi({ description: 'whose rentals are counted' }),
    total: z.object(figures),
    rentals: z
      .array(
        z.object({
          id: z.string().openapi({ example: 'r_3k5mzq7xw2c4d6fa' }),
          name: z.string().nullable().openapi({ description: 'null: only its history is left' }),
          tenant: z.string().nullable(),
          phase: z.enum(RENTAL_PHASES).openapi({ description: 'at the end of the window' }),
          createdAt: time.nullable(),
          ...figures,
        }),
      )
      .openapi({ description: 'those longest without a node first, then the newest' }),
    rentalCount: z.int().openapi({ description: 'how many there were, unlisted ones included' }),
    series: z.object({ bucketSeconds: seconds, buckets: z.array(bucket) }),
  })
  .openapi('Qos');
