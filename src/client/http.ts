import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { ApiError, NoAnswerError } from './errors.ts';

/** Where the API is, and who asks. */
export interface Access {
  url: URL;
  /** None: only what is open to everybody can be asked. */
  token: string | null;
  /** The CA that vouches for the API, PEM; null: the ones that the system trusts. */
  ca: string | null;
}

export interface HttpCall {
  method: string;
  /** With query, relative to the API's address. */
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** For the whole answer; a stream has none once its head is there. */
  timeoutMs: number;
  signal: AbortSignal;
}

export interface Http {
  /** The answer, parsed when it is JSON; throws ApiError for anything but 2xx, and NoAnswerError. */
  call(call: HttpCall): Promise<{ status: number; body: unknown }>;
  /** The open stream of the answer, which the caller destroys; null for 204: there is nothing more to come. */
  open(call: HttpCall): Promise<IncomingMessage | null>;
  close(): void;
}

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** node:https and not fetch: in Node 20 only it takes the CA for one client. */
export function createHttp(access: Access): Http {
  const isTls = access.url.protocol === 'https:';
  const agent = isTls
    ? new HttpsAgent({ keepAlive: true, ...(access.ca === null ? {} : { ca: access.ca }) })
    : new HttpAgent({ keepAlive: true });

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
      // Not the request's own `signal`: an abort just after all was read would find the connection without a
      // listener for its error, and end the process.
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

  return { call, open, close: () => agent.destroy() };
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

/** Text stays text; JSON that is none is null, and so is an empty answer. */
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

/** What came of a call that got no answer. */
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
