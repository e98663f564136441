import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { ApiError, NoAnswerError } from './protocol/errors.ts';

/** The API's address and the caller's credentials. */
export interface Access {
  url: URL;
  /** Null: only calls open to everybody are possible. */
  token: string | null;
  /** The CA that vouches for the API, as PEM; null: those that the system trusts. */
  ca: string | null;
}

export interface HttpCall {
  method: string;
  /** With the query, relative to the API's address. */
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** For the whole answer. A stream has no timeout once its head has arrived. */
  timeoutMs: number;
  signal: AbortSignal;
}

export interface Http {
  /** The answer, parsed if it is JSON. Throws ApiError for anything but 2xx, and NoAnswerError. */
  call(call: HttpCall): Promise<{ status: number; body: unknown }>;
  /** The answer's body, for as long as it is read and the signal lets it. Null for 204: nothing more will come. */
  open(call: HttpCall): Promise<IncomingMessage | null>;
  close(): void;
}

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

export function createHttp(access: Access): Http {
  const { send, close } = createSender(access);

  async function open(call: HttpCall): Promise<IncomingMessage | null> {
    const headDeadline = new AbortController();
    const timer = setTimeout(() => headDeadline.abort(), call.timeoutMs);
    try {
      const response = await send(call, AbortSignal.any([call.signal, headDeadline.signal]));
      if (response.statusCode === 200) return response;
      const body = parseBody(response, await readText(response));
      if (response.statusCode === 204) return null;
      throw toApiError(response, body);
    } catch (error) {
      throw explain(error, access, call, headDeadline.signal.aborted);
    } finally {
      clearTimeout(timer);
    }
  }

  async function call(call: HttpCall): Promise<{ status: number; body: unknown }> {
    const deadline = AbortSignal.timeout(call.timeoutMs);
    try {
      const response = await send(call, AbortSignal.any([call.signal, deadline]));
      const status = response.statusCode ?? 0;
      const body = parseBody(response, await readText(response));
      if (status < 200 || status > 299) throw toApiError(response, body);
      return { status, body };
    } catch (error) {
      throw explain(error, access, call, deadline.aborted);
    }
  }

  return { call, open, close };
}

/** Uses node:https, not fetch: in Node 20 only it accepts a CA per client. */
function createSender(access: Access) {
  const isTls = access.url.protocol === 'https:';
  const agent = isTls
    ? new HttpsAgent({ keepAlive: true, ...(access.ca === null ? {} : { ca: access.ca }) })
    : new HttpAgent({ keepAlive: true });

  /** The answer once its head has arrived. */
  function send(call: HttpCall, signal: AbortSignal): Promise<IncomingMessage> {
    const url = new URL(call.path.replace(/^\//, ''), `${access.url.href.replace(/\/$/, '')}/`);
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    return new Promise((done, fail) => {
      const request = (isTls ? httpsRequest : httpRequest)(url, {
        method: call.method,
        agent,
        headers: headersOf(call, access.token, body),
      });
      let answer: IncomingMessage | null = null;
      // Not the request's own `signal`: aborting just after everything was read would find the connection without
      // an error listener and end the process.
      const stop = () => {
        if (!answer?.complete) request.destroy(new Error('aborted'));
      };
      signal.addEventListener('abort', stop, { once: true });
      request.once('close', () => signal.removeEventListener('abort', stop));
      request.once('response', (response) => {
        answer = response;
        done(response);
      });
      request.once('error', fail);
      if (signal.aborted) stop();
      request.end(body);
    });
  }

  return { send, close: () => agent.destroy() };
}

function headersOf(call: HttpCall, token: string | null, body: string | undefined): Record<string, string> {
  return {
    accept: 'application/json',
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
    ...call.headers,
  };
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += (chunk as Buffer).length;
    if (size > MAX_ANSWER_BYTES) throw new NoAnswerError('too_large', 'the answer is too large');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Text stays text. Invalid JSON and an empty answer become null. */
function parseBody(response: IncomingMessage, text: string): unknown {
  if (!/json\b/.test(response.headers['content-type'] ?? '')) return text === '' ? null : text;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function toApiError({ statusCode = 0, statusMessage = '', headers }: IncomingMessage, body: unknown) {
  return new ApiError(statusCode, statusMessage, body, headers['retry-after']);
}

const CERTIFICATE_CODES = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/;

/** The error for a call that got no answer. */
function explain(error: unknown, { url }: Access, call: HttpCall, timedOut: boolean): unknown {
  if (error instanceof ApiError || error instanceof NoAnswerError || call.signal.aborted) return error;
  const where = url.origin;
  if (timedOut) {
    const seconds = Math.ceil(call.timeoutMs / 1_000);
    return new NoAnswerError('timeout', `${where} did not answer within ${seconds} s`);
  }
  const code = codeOf(error);
  if (CERTIFICATE_CODES.test(code)) {
    return new NoAnswerError('certificate', `the certificate of ${where} is not trusted (${code})`, code);
  }
  const why = code || 'connection lost';
  return new NoAnswerError('unreachable', `${where} can't be reached (${why})`, code);
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  const code = (error as NodeJS.ErrnoException).code;
  return typeof code === 'string' ? code : '';
}
