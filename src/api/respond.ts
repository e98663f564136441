import { z } from '@hono/zod-openapi';
import { PROBLEMS } from './problem.ts';
import { problemSchema } from './schemas.ts';

/** A JSON answer for the description. */
export function json<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { description, content: { 'application/json': { schema } } };
}

const EVENT_STREAM = {
  schema: z.string().openapi({
    description:
      'Each object as it is, then each change: `event` names the kind, `data` is the object as JSON, `id` resumes.',
  }),
};

/** A JSON answer that can be watched, too: its items, or itself. */
export function watchable<Schema extends z.ZodType>(schema: Schema, description: string) {
  return {
    description,
    content: { 'application/json': { schema }, 'text/event-stream': EVENT_STREAM },
  };
}

/** Of answers that say where the rental is found. */
export const LOCATION = { headers: z.object({ Location: z.string() }) };

export const idempotencyHeader = z.object({
  'idempotency-key': z
    .string()
    .optional()
    .openapi({ description: 'Makes a repeated request give the same rental; with another body it is 409' }),
});

export const watchHeader = z.object({
  'last-event-id': z
    .string()
    .optional()
    .openapi({ description: 'Of a watch: goes on after this event, without a gap' }),
});

/** Refusals that every call under /api may give. */
const USUAL = [401, 422, 500, 503] as const;
const RETRY_LATER: readonly number[] = [429, 503];

/** The problems that a route can answer with, for the description. */
export function problems(...statuses: number[]) {
  return describeProblems([...USUAL, ...statuses]);
}

/** For calls without a token. */
export function describeProblems(statuses: readonly number[]) {
  const describe = (status: number) => ({
    description: codesOf(status),
    content: { 'application/problem+json': { schema: problemSchema } },
    ...(RETRY_LATER.includes(status) ? { headers: z.object({ 'Retry-After': z.string() }) } : {}),
  });
  return Object.fromEntries(statuses.map((status) => [status, describe(status)]));
}

function codesOf(status: number): string {
  const codes = Object.entries(PROBLEMS).filter(([, problem]) => problem.status === status);
  return codes.map(([code, { title }]) => `\`${code}\`: ${title}`).join('\n\n');
}

export function body<Schema extends z.ZodType>(schema: Schema, required: boolean) {
  return { body: { required, content: { 'application/json': { schema } } } };
}
