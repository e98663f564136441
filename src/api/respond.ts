import { z } from '@hono/zod-openapi';
import { PROBLEMS, type ProblemCode } from './problem.ts';
import { problemSchema } from './schemas/rental.ts';

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

/** A JSON answer that can also be watched: its items, or the object itself. */
export function watchable<Schema extends z.ZodType>(schema: Schema, description: string) {
  return {
    description,
    content: { 'application/json': { schema }, 'text/event-stream': EVENT_STREAM },
  };
}

/** `required`: the header is never missing. */
export function header(description: string, example: string | number, required = true) {
  const schema =
    typeof example === 'number' ? { type: 'integer' as const, minimum: 1 } : { type: 'string' as const };
  return { description, required, schema, example };
}

/** For answers that say where the rental is. */
export const LOCATION = {
  headers: { Location: header('Where to read and watch the rental', '/api/rentals/r_3k5mzq7xw2c4d6fa') },
};

export const idempotencyHeader = z.object({
  'idempotency-key': z.string().optional().openapi({
    description: 'A repeated request with the same key gets the same rental; a different body is 409',
  }),
});

export const watchHeader = z.object({
  'last-event-id': z
    .string()
    .optional()
    .openapi({ description: 'For a watch: resumes after this event, without a gap' }),
});

/** Refusals possible for every call under /api. */
const USUAL = ['unauthorized', 'invalid_input', 'internal', 'database_unavailable'] as const;

/** What a route answers when it refuses: a code, or a status for all of its codes. */
type Refusal = ProblemCode | number;

/** The problems that a route under /api can answer with, for the description. */
export function problems(...refusals: Refusal[]) {
  return describeProblems([...USUAL, ...refusals]);
}

/** Like `problems`, but without the usual ones of /api: for calls without a token. */
export function describeProblems(refusals: readonly Refusal[]) {
  const codes = (Object.keys(PROBLEMS) as ProblemCode[]).filter(
    (code) => refusals.includes(code) || refusals.includes(PROBLEMS[code].status),
  );
  const statuses = [...new Set(codes.map((code) => PROBLEMS[code].status))];
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      describeStatus(
        status,
        codes.filter((code) => PROBLEMS[code].status === status),
      ),
    ]),
  );
}

function describeStatus(status: number, codes: ProblemCode[]) {
  const examples = codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]);
  return {
    description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('\n\n'),
    content: {
      'application/problem+json': { schema: problemSchema, examples: Object.fromEntries(examples) },
    },
    ...describeHeaders(status),
  };
}

function describeHeaders(status: number) {
  if (status === 429 || status === 503) {
    return { headers: { 'Retry-After': header('Seconds to wait before the next try', 5) } };
  }
  if (status !== 401) return {};
  return {
    headers: {
      'WWW-Authenticate': header('Present where a bearer token is accepted', 'Bearer realm="orion"', false),
    },
  };
}

/** The problem codes in a description of answers, each as a refusal. */
export function codesOf(responses: object): ProblemCode[] {
  const answers: { content?: Record<string, { examples?: object }> }[] = Object.values(responses);
  const named = answers.flatMap(({ content }) =>
    Object.keys(content?.['application/problem+json']?.examples ?? {}),
  );
  return (Object.keys(PROBLEMS) as ProblemCode[]).filter((code) => named.includes(code));
}

export function body<Schema extends z.ZodType>(schema: Schema, required: boolean) {
  return { body: { required, content: { 'application/json': { schema } } } };
}
