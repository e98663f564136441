import { z } from '@hono/zod-openapi';
import { time } from './rental.ts';

/** Why an operator does something: one line, shown to everyone affected. */
export const reasonText = z
  .string()
  .trim()
  .min(1, 'expected some words')
  .max(200, 'expected at most 200 characters')
  .regex(/^\P{Cc}*$/u, 'expected one line')
  .openapi({ type: 'string', example: 'new switch in rack-a' });

/** What an operator requested, why, and who they are. */
export const attributionSchema = z.object({
  reason: z.string().nullable(),
  by: z.string().openapi({ example: 'admin (x3k5mzq7wv) of lab' }),
  at: time,
});
