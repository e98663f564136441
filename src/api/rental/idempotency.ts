import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import type { AppEnv } from '../app-env.ts';
import { invalidInput } from '../problem.ts';

/** The key that makes repeating a request harmless, and a hash that tells a repetition from a different request. */
export interface Idempotency {
  key: string | null;
  requestHash: string | null;
}

/** `asked` is everything in the request that decides what is created. */
export function readIdempotency(c: Context<AppEnv>, asked: unknown): Idempotency {
  const key = c.req.header('idempotency-key') ?? null;
  if (key === null) return { key, requestHash: null };
  if (!/^[\x21-\x7e]{1,200}$/.test(key)) {
    throw invalidInput('header Idempotency-Key', 'expected 1 to 200 visible ASCII characters');
  }
  const text = `${c.req.path}\n${JSON.stringify(sortKeys(asked))}`;
  return { key, requestHash: createHash('sha256').update(text).digest('hex') };
}

/** The order of keys has no meaning in JSON. */
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, entry]) => [key, sortKeys(entry)]),
  );
}
