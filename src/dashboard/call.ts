import { CallError, toProblem } from './problem.ts';
import { sessionEnded, sessionState } from './session.ts';

const DEADLINE_MS = 30_000;

export interface CallOptions {
  deadlineMs?: number;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

/** Calls the API under the session. Rejects with a CallError when the API refuses. */
export async function call<Body>(
  method: string,
  path: string,
  body?: unknown,
  { deadlineMs = DEADLINE_MS, signal, headers: more }: CallOptions = {},
): Promise<Body> {
  const state = sessionState.get();
  const headers: Record<string, string> = { ...more };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (method !== 'GET' && state.kind === 'signedIn') headers['X-CSRF-Token'] = state.session.csrfToken;
  const late = AbortSignal.timeout(deadlineMs);
  const response = await fetch(path, {
    method,
    headers,
    signal: signal ? AbortSignal.any([signal, late]) : late,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer: unknown = response.status === 204 ? null : await response.json().catch(() => null);
  if (response.ok) return answer as Body;
  if (response.status === 401) sessionEnded();
  throw new CallError(toProblem(response.status, answer));
}

export interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
}
