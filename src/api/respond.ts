import type { z } from '@hono/zod-openapi';
import { problemSchema } from './schemas.ts';

/** A JSON answer for the description. */
export function json<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { description, content: { 'application/json': { schema } } };
}

/** The problems that a route can answer with, for the description. */
export function problems(...statuses: number[]) {
  const answer = {
    description: 'Problem',
    content: { 'application/problem+json': { schema: problemSchema } },
  };
  return Object.fromEntries([401, 422, 503, ...statuses].map((status) => [status, answer]));
}

export function body<Schema extends z.ZodType>(schema: Schema, required: boolean) {
  return { body: { required, content: { 'application/json': { schema } } } };
}
