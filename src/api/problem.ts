import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { AppEnv } from './app-env.ts';

/** Every reason to refuse a call: its stable code, its status, and a title that never varies. */
export const PROBLEMS = {
  malformed_request: { status: 400, title: 'The request could not be read' },
  unauthorized: { status: 401, title: 'A valid token is required' },
  cross_site: { status: 403, title: 'The request did not come from a page of Orion' },
  quota_exceeded: { status: 403, title: 'The tenant has reached its limit of rentals' },
  forbidden: { status: 403, title: 'Only administrators may do this' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'The address does not allow this method' },
  name_taken: { status: 409, title: 'The name is taken' },
  idempotency_key_reused: { status: 409, title: 'The Idempotency-Key was used for another request' },
  immutable_field: { status: 409, title: 'The field can no longer be changed' },
  rental_ended: { status: 409, title: 'The rental has ended or is ending' },
  request_too_slow: { status: 408, title: 'The request took too long to arrive' },
  conflict: { status: 409, title: 'The object was changed concurrently' },
  state_conflict: { status: 409, title: 'The state of the node does not allow this now' },
  webhooks_off: { status: 409, title: 'This Orion sends no webhooks' },
  pool_conflict: { status: 409, title: 'The state of the fleet does not allow this now' },
  inventory_refused: { status: 409, title: 'The inventory was not applied' },
  body_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The body must be JSON' },
  invalid_input: { status: 422, title: 'The input is not valid' },
  unsatisfiable: { status: 422, title: 'No machine in the fleet can ever match' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  rate_limited: { status: 429, title: 'The tenant sends too many requests' },
  too_many_watches: { status: 429, title: 'Too many watches are open' },
  too_many_waits: { status: 429, title: 'Too many rent calls are waiting' },
  too_many_attempts: { status: 429, title: 'Too many tokens were refused' },
  too_many_bodies: { status: 429, title: 'Too many request bodies from one source' },
  internal: { status: 500, title: 'Internal error' },
  no_free_node: { status: 503, title: 'No matching machine is free' },
  database_unavailable: { status: 503, title: 'The database does not answer' },
  busy: { status: 503, title: 'Too many request bodies at once' },
  not_ready: { status: 503, title: 'Not ready' },
  shutting_down: { status: 503, title: 'This process is shutting down' },
} as const;
export type ProblemCode = keyof typeof PROBLEMS;

export interface FieldError {
  /** Such as `selector.matchLabels.size`; `header …` and `query …` name values outside the body. */
  path: string;
  message: string;
}

/** A tenant's limit that was reached. */
export interface QuotaUse {
  limit: 'maxRentals';
  allowed: number;
  used: number;
}

/** An RFC 9457 problem. Its text is written for the client and never comes from a caught error. */
export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ProblemCode;
  errors?: FieldError[];
  quota?: QuotaUse;
  /** Missing when the request never got far enough to have one. */
  requestId?: string;
}

export class ProblemError extends Error {
  readonly code: ProblemCode;
  readonly errors: FieldError[] | undefined;
  readonly quota: QuotaUse | undefined;
  readonly headers: Record<string, string>;

  constructor(
    code: ProblemCode,
    detail: string,
    more: { errors?: FieldError[]; quota?: QuotaUse; headers?: Record<string, string> } = {},
  ) {
    super(detail);
    this.name = 'ProblemError';
    this.code = code;
    this.errors = more.errors;
    this.quota = more.quota;
    this.headers = more.headers ?? {};
  }
}

export function invalidInput(path: string, message: string): ProblemError {
  return new ProblemError('invalid_input', `${path}: ${message}`, { errors: [{ path, message }] });
}

export function toProblemBody(error: ProblemError, requestId: string | null): ProblemBody {
  const { status, title } = PROBLEMS[error.code];
  return {
    type: `urn:orion:problem:${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    ...(error.errors === undefined ? {} : { errors: error.errors }),
    ...(error.quota === undefined ? {} : { quota: error.quota }),
    ...(requestId === null ? {} : { requestId }),
  };
}

/** Hono's error handler. Everything thrown becomes a problem; only unexpected errors are logged. */
export function answerProblem(thrown: Error, c: Context<AppEnv>): Response {
  const problem = toProblemError(thrown);
  if (problem.code === 'internal' || problem.code === 'database_unavailable') {
    c.var.logger.error({ requestId: c.var.requestId, err: thrown }, 'request failed');
  }
  const body = toProblemBody(problem, c.var.requestId);
  for (const [name, value] of Object.entries(problem.headers)) c.header(name, value);
  c.header('Content-Type', 'application/problem+json');
  return c.body(JSON.stringify(body), PROBLEMS[problem.code].status);
}

function toProblemError(thrown: Error): ProblemError {
  if (thrown instanceof ProblemError) return thrown;
  if (thrown.name === 'InvalidCursorError')
    return invalidInput('query cursor', 'expected a cursor of this list');
  // By name: the API sees only the store's port, not the module that its errors come from.
  if (thrown.name === 'StoreError') {
    return new ProblemError('database_unavailable', 'the database does not answer; try again soon', {
      headers: { 'Retry-After': '5' },
    });
  }
  if (thrown instanceof HTTPException) {
    if (thrown.status === 413) return new ProblemError('body_too_large', 'the body may be at most 16 kB');
    if (thrown.status === 415) {
      return new ProblemError('unsupported_media_type', 'send JSON with Content-Type: application/json');
    }
    if (thrown.status === 400) return new ProblemError('malformed_request', 'the body is not valid JSON');
  }
  return new ProblemError('internal', 'the failure was logged under this request id');
}
