import type { Context, MiddlewareHandler } from 'hono';
import { placeOf } from '../../core/tenant/request-source.ts';
import type { AppEnv } from '../app-env.ts';
import { ProblemError } from '../problem.ts';
import { requireSingleKeys } from './single-keys.ts';

export const MAX_BODY_BYTES = 16 * 1024;
/** An inventory of ten thousand nodes, as JSON text. The proxy has the same limits. */
export const MAX_INVENTORY_BYTES = 6 * 1024 * 1024;
/** Per process, so that what is made of the bytes fits into a small container. */
export const BODY_LIMITS = { perPlace: 8 * 1024 * 1024, all: 24 * 1024 * 1024 };

const USUAL_MS = 10_000;
const LARGE_MS = 30_000;

/**
 * Reads the body only after every check on the headers, so a refused caller's body is never read. The bytes are
 * reserved before the first one is read. Those of a usual body are freed once it has arrived; those of a large one
 * once it is answered, since what is made of it is larger still.
 */
export function readBody(maxBytes: number): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const declared = readLength(c);
    if (declared !== null && declared > maxBytes) throw tooLarge(maxBytes);
    if (declared !== null && declared > 0) requireJson(c);
    const { body } = c.req.raw;
    if (body === null || declared === 0) return await withoutBody(c, next);
    const place = enter(c, declared ?? maxBytes);
    try {
      const text = await readText(body, maxBytes);
      if (maxBytes <= MAX_BODY_BYTES) place.leave();
      if (text === '') return await withoutBody(c, next);
      requireJson(c);
      requireSingleKeys(text);
      c.req.bodyCache.text = Promise.resolve(text) as never;
      return await next();
    } finally {
      place.leave();
    }
  };
}

/** Null for a chunked body, whose length is known only at its end. */
function readLength(c: Context<AppEnv>): number | null {
  const length = c.req.header('content-length');
  return length === undefined || c.req.header('transfer-encoding') !== undefined ? null : Number(length);
}

/** Refuses other types: such a body would be taken for an empty one. */
function requireJson(c: Context<AppEnv>): void {
  if (/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(c.req.header('content-type') ?? '')) return;
  throw new ProblemError('unsupported_media_type', 'send JSON with Content-Type: application/json');
}

/** An empty body counts as none, whatever type a client like curl declares for it. */
async function withoutBody(c: Context<AppEnv>, next: () => Promise<void>): Promise<void> {
  const { method, raw } = c.req;
  const headers = new Headers(raw.headers);
  headers.delete('content-type');
  headers.delete('content-length');
  c.req.raw = new Request(raw.url, { method, headers, signal: raw.signal });
  await next();
}

function enter(c: Context<AppEnv>, bytes: number): { leave(): void } {
  const { bodies, principal } = c.var;
  const place = bodies.enter(
    [placeOf(c.var.source), ...(principal ? [`tenant ${principal.tenant}`] : [])],
    bytes,
  );
  if ('leave' in place) return place;
  const headers = { 'Retry-After': '2' };
  if (place.full === 'all')
    throw new ProblemError('busy', 'too many request bodies are arriving', { headers });
  const detail = 'too many request bodies are arriving from this address or tenant';
  throw new ProblemError('too_many_bodies', detail, { headers });
}

/** Collects into one buffer: one-byte chunks would each take far more memory than they hold. */
async function readText(body: ReadableStream<Uint8Array>, maxBytes: number): Promise<string> {
  const reader = body.getReader();
  const late = createDeadline(maxBytes <= MAX_BODY_BYTES ? USUAL_MS : LARGE_MS);
  try {
    let buffer = new Uint8Array(0);
    let size = 0;
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), late.passed]);
      if (done) return new TextDecoder().decode(buffer.subarray(0, size));
      if (size + value.length > maxBytes) throw tooLarge(maxBytes);
      if (size + value.length > buffer.length) {
        const grown = new Uint8Array(Math.min(maxBytes, Math.max(size + value.length, 2 * buffer.length)));
        grown.set(buffer.subarray(0, size));
        buffer = grown;
      }
      buffer.set(value, size);
      size += value.length;
    }
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    // The connection is gone, so nobody will read this answer.
    throw new ProblemError('malformed_request', 'the body broke off before its end');
  } finally {
    late.clear();
  }
}

function createDeadline(ms: number): { passed: Promise<never>; clear(): void } {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<never>((_resolve, reject) => {
    const late = () =>
      reject(new ProblemError('request_too_slow', `the body must arrive within ${ms / 1_000} s`));
    timer = setTimeout(late, ms);
  });
  return { passed, clear: () => clearTimeout(timer) };
}

function tooLarge(maxBytes: number): ProblemError {
  return new ProblemError('body_too_large', `the body may be at most ${maxBytes / 1024} kB`);
}
