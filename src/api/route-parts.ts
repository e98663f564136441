import { z } from '@hono/zod-openapi';
import { problemSchema } from './response-schema.ts';

/** Pieces that many routes share. */

export const json = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});

export const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: problemSchema } },
});

/** An object or a list that can be watched, too. The stream is made outside of the typed answers. */
export const watchable = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  description: `${description} With \`Accept: text/event-stream\`: that, then each change.`,
  content: {
    'application/json': { schema },
    'text/event-stream': {
      schema: z.string().openapi({
        description: 'Events `rental`, `node` or `event` with the whole object; `removed` when it is gone.',
        example: 'event: rental\ndata: {"id":"r_k3v7q2m5x4b6n7da"}\nid: 1042\n\n',
      }),
    },
  },
});

export const security = [{ token: [] as string[] }];

/** A number in a query, in plain digits: Number() alone would also take `1e2`, ` 7` and `0x10`. */
export const limitSchema = z
  .string()
  .regex(/^\d{1,3}$/, 'must be a number from 1 to 500')
  .transform(Number)
  .refine((limit) => limit >= 1 && limit <= 500, 'must be a number from 1 to 500')
  .optional()
  .openapi({ type: 'integer', minimum: 1, maximum: 500, default: 100 });

export const cursorSchema = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{1,256}$/, 'must be the nextCursor of a list')
  .optional()
  .openapi({ description: '`nextCursor` of the page before.' });

export const flagSchema = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .optional()
  .openapi({ type: 'boolean' });

export const DEFAULT_LIMIT = 100;
