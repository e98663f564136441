import { type FieldError, PROBLEMS, type ProblemBody, type ProblemCode, type QuotaUse } from '../problem.ts';

/** An example of each problem. `detail` is meant for people and may differ. */
const DETAILS: Record<ProblemCode, string> = {
  malformed_request: 'the body is not valid JSON',
  unauthorized: 'send a valid token as Authorization: Bearer …',
  cross_site: 'only pages of Orion itself may make this request',
  forbidden: 'only administrators may make this call',
  quota_exceeded: 'tenant demo has 3 of at most 3 rentals; release one, or wait until one ends',
  not_found: 'there is no rental build-box',
  method_not_allowed: '/api/rent does not allow PUT',
  name_taken: 'the name build-box is taken by r_3k5mzq7xw2c4d6fa, which has not ended',
  idempotency_key_reused: 'use a different Idempotency-Key for a different request',
  immutable_field: 'selector: the rental already has a machine; release it first',
  rental_ended: 'the rental has ended or is ending',
  request_too_slow: 'the body must arrive within 10 s',
  conflict: 'the rental was changed concurrently; read it and try again',
  state_conflict: 'worker_1: it is dead; it will be cleaned when it answers again',
  pool_conflict: 'the breaker is not open, so there is nothing to override',
  webhooks_off: 'this Orion has no ORION_WEBHOOK_KEY to sign messages with',
  inventory_refused: 'InventoryRefused: 3 of 5 nodes would go; force it if that is meant',
  body_too_large: 'the body may be at most 16 kB',
  unsupported_media_type: 'send JSON with Content-Type: application/json',
  invalid_input: 'ttl: expected at most 12h',
  unsatisfiable: 'no machine in the fleet can ever match the selector',
  headers_too_large: 'The headers are too large',
  rate_limited: 'tenant demo may send 600 requests a minute; the next one in 1 s',
  too_many_watches: 'this token has 50 watches open, the most allowed; close one first',
  too_many_waits:
    'this token already waits for 20 rentals, the most allowed; use wait=0s and watch the rental, or try again when one is ready',
  too_many_attempts: 'too many tokens were refused; try again later',
  too_many_bodies: 'too many request bodies are arriving from this address or tenant',
  internal: 'the failure was logged under this request id',
  no_free_node: 'no healthy free machine matches now; nothing was stored',
  database_unavailable: 'the database does not answer; try again soon',
  busy: 'too many request bodies are arriving',
  not_ready: 'the database is not usable now',
  shutting_down: 'another replica will answer',
};

const FIELD_ERRORS: FieldError[] = [{ path: 'ttl', message: 'expected at most 12h' }];

const QUOTA: QuotaUse = { limit: 'maxRentals', allowed: 3, used: 3 };

/** By problem code, for the description. */
export const PROBLEM_EXAMPLES: Record<string, { summary: string; value: ProblemBody }> = Object.fromEntries(
  (Object.keys(PROBLEMS) as ProblemCode[]).map((code) => {
    const { status, title } = PROBLEMS[code];
    const errors = code === 'invalid_input' ? { errors: FIELD_ERRORS } : {};
    const quota = code === 'quota_exceeded' ? { quota: QUOTA } : {};
    const type = `urn:orion:problem:${code}`;
    const value = {
      type,
      title,
      status,
      detail: DETAILS[code],
      code,
      ...errors,
      ...quota,
      requestId: 'f3a1c9d2',
    };
    return [code, { summary: title, value }];
  }),
);
