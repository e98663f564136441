import { z } from '@hono/zod-openapi';
import { EVENT_TYPES } from '../../core/history/event.ts';
import { time } from './rental.ts';

/** Shown beside the rental's id. */
export const rentalName = z
  .string()
  .nullable()
  .openapi({ description: 'null: the rental itself is no longer kept, or there is none' });

export const eventSchema = z
  .object({
    seq: z.int(),
    at: time,
    type: z.enum(EVENT_TYPES),
    rental: z.string().nullable(),
    rentalName: rentalName
      .optional()
      .openapi({ description: 'only in a list; a watch of rentals has the names' }),
    node: z.string().nullable(),
    tenant: z.string().nullable(),
    reason: z.string(),
    message: z.string(),
    actor: z
      .object({
        token: z.object({ id: z.string(), name: z.string().nullable() }).nullable(),
        tenant: z.string().nullable(),
        role: z.enum(['tenant', 'admin']).nullable(),
        source: z.string().nullable(),
      })
      .nullable()
      .openapi({
        description:
          'who requested it, and the address that the request came from; null: Orion did it by itself. Tenants see only the role of an administrator; of refused strangers only the address is known.',
      }),
  })
  .openapi('Event');
