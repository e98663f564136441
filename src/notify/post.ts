import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { type AttemptOutcome, describeNoAnswer, describeUnreached } from '../core/ports/delivery.ts';
import { refuseWebhookUrl, type WebhookAllowance } from '../core/text/webhook-url.ts';
import { BlockedAddressError, createGuardedLookup } from './resolve.ts';

export interface PostOptions {
  allowed: WebhookAllowance;
  /** Covers all of it: lookup, connection, sending, and the answer. */
  deadlineMs: number;
  signal: AbortSignal;
  now: Date;
  nameServers?: readonly string[] | undefined;
}

export type PostResult =
  | { kind: 'delivered' }
  /** The signal came first: the outcome is unknown. */
  | { kind: 'aborted' }
  | {
      kind: 'failed';
      outcome: Exclude<AttemptOutcome, 'delivered'>;
      /** For people. Never quotes the answer, which may be anything. */
      error: string;
      /** The pause that the receiver requested. */
      retryAfterMs: number;
      /** The receiver wants no more of these messages. */
      isFinal: boolean;
    };

/** This much of an answer's body is read, to end the exchange in order. None of it is examined. */
const MAX_ANSWER_BYTES = 64 * 1024;
/** The longest pause that a receiver can ask for: as long as the longest without such a request. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/** Sends a message once. Never rejects; redirects are not followed. */
export function postMessage(
  message: { url: string; headers: Record<string, string>; body: string },
  { allowed, deadlineMs, signal, now, nameServers }: PostOptions,
): Promise<PostResult> {
  const { url, headers, body } = message;
  // An address in the URL itself never reaches the lookup, so it is checked here.
  const refusal = refuseWebhookUrl(url, allowed);
  if (refusal !== null) return Promise.resolve(fail('blocked', `the URL ${refusal}`));
  const deadline = AbortSignal.timeout(deadlineMs);
  const either = AbortSignal.any([signal, deadline]);
  return new Promise((done) => {
    let answer: PostResult | null = null;
    const failWith = (error: NodeJS.ErrnoException) => {
      // An answer counts even when its body broke off.
      if (answer !== null) return done(answer);
      if (signal.aborted) return done({ kind: 'aborted' });
      if (deadline.aborted) return done(fail('timeout', describeNoAnswer(deadlineMs)));
      done(describeError(error));
    };
    const send = url.startsWith('https:') ? requestHttps : requestHttp;
    const request = send(
      url,
      {
        method: 'POST',
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        agent: false,
        lookup: createGuardedLookup({ allowed, signal: either, nameServers }),
        signal: either,
      },
      (response) => {
        answer = judge(response, now);
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > MAX_ANSWER_BYTES) request.destroy();
        });
        response.on('error', failWith);
        response.on('close', () => done(answer as PostResult));
      },
    );
    // There may be more than one error, and an unhandled one ends the process.
    request.on('error', failWith);
    request.end(body);
  });
}

function judge({ statusCode = 0, headers }: IncomingMessage, now: Date): PostResult {
  if (statusCode >= 200 && statusCode < 300) return { kind: 'delivered' };
  const isRedirect = statusCode >= 300 && statusCode < 400;
  const error = `it answered ${statusCode}${isRedirect ? '; redirects are not followed' : ''}`;
  return {
    ...fail('refused', error),
    retryAfterMs: parseRetryAfterMs(headers['retry-after'], now),
    // In Standard Webhooks, Gone means that the receiver no longer exists.
    isFinal: statusCode === 410,
  };
}

/** The pause that a receiver asks for, in ms: `120`, or `Wed, 21 Oct 2026 07:28:00 GMT`. 0: it asks for none. */
export function parseRetryAfterMs(header: string | undefined, now: Date): number {
  const text = header ?? '';
  let ms = 0;
  if (/^\d{1,9}$/.test(text)) ms = Number(text) * 1_000;
  // Anything else that `Date.parse` accepts is not an HTTP date.
  else if (/^[A-Z].* GMT$/.test(text)) ms = Date.parse(text) - now.getTime();
  return ms > 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : 0;
}

function describeError(error: NodeJS.ErrnoException): PostResult {
  if (error instanceof BlockedAddressError) return fail('blocked', `the URL ${error.message}`);
  // Several addresses were tried.
  const first = error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException) : error;
  return fail('unreachable', describeUnreached(first?.code ?? error.code ?? error.name));
}

function fail(outcome: Exclude<AttemptOutcome, 'delivered'>, error: string): PostResult & { kind: 'failed' } {
  return { kind: 'failed', outcome, error, retryAfterMs: 0, isFinal: false };
}
