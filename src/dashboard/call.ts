import { ApiError } from '../client/protocol/errors.ts';
import { request } from './request.ts';
import { sessionEnded, sessionState } from './session.ts';

const DEADLINE_MS = 30_000;

export interface CallOptions {
  deadlineMs?: number;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

/** Calls the API under the session. Rejects with an ApiError when the API refuses. */
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
  const response = await underSession(path, {
    method,
    headers,
    signal: signal ? AbortSignal.any([signal, late]) : late,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return await response.json().catch(() => null);
}

/** The body of an answer that does not end. Null for 204. */
export async function openStream(
  path: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array> | null> {
  const { status, body } = await underSession(path, { headers, signal });
  return status === 204 || body === null ? null : chunksOf(body);
}

async function underSession(path: string, init: RequestInit): Promise<Response> {
  try {
    return await request(path, init);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) sessionEnded();
    throw error;
  }
}

/** Not every browser can iterate over a stream. */
async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

export interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
}
