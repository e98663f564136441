import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { ApiError, CliError } from './cli-error.ts';
import type { Settings } from './settings.ts';

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
  /** The JSON of the answer; throws ApiError for anything but 2xx. */
  call(call: HttpCall): Promise<{ status: number; body: unknown }>;
  /** The open stream of the answer; the caller destroys it. */
  open(call: HttpCall): Promise<IncomingMessage>;
  close(): void;
}

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** node:https and not fetch: in Node 20 only it takes the CA for one client. */
export function createHttp(settings: Settings): Http {
  const isTls = settings.url.protocol === 'https:';
  const agent = isTls
    ? new HttpsAgent({ keepAlive: true, ...(settings.ca === null ? {} : { ca: settings.ca }) })
    : new HttpAgent({ keepAlive: true });

  function send(call: HttpCall, signal: AbortSignal): Promise<IncomingMessage> {
    const url = new URL(call.path.replace(/^\//, ''), `${settings.url.href.replace(/\/$/, '')}/`);
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    return new Promise((done, fail) => {
      const request = (isTls ? httpsRequest : httpRequest)(url, {
        method: call.method,
        agent,
        headers: {
          accept: 'application/json',
          authorization: `Bearer ${settings.token}`,
          ...(body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
          ...call.headers,
        },
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

  async function open(call: HttpCall): Promise<IncomingMessage> {
    const headDeadline = new AbortController();
    const timer = setTimeout(() => headDeadline.abort(), call.timeoutMs);
    try {
      const response = await send(call, AbortSignal.any([call.signal, headDeadline.signal]));
      if (response.statusCode === 200) return response;
      throw toApiError(response, parseJson(await readText(response)));
    } catch (error) {
      throw explain(error, settings, call, headDeadline.signal.aborted);
    } finally {
      clearTimeout(timer);
    }
  }

  async function call(call: HttpCall): Promise<{ status: number; body: unknown }> {
    const deadline = AbortSignal.timeout(call.timeoutMs);
    try {
      const response = await send(call, AbortSignal.any([call.signal, deadline]));
      const status = response.statusCode ?? 0;
      const body = parseJson(await readText(response));
      if (status < 200 || status > 299) throw toApiError(response, body);
      return { status, body };
    } catch (error) {
      throw explain(error, settings, call, deadline.aborted);
    }
  }

  return { call, open, close: () => agent.destroy() };
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += (chunk as Buffer).length;
    if (size > MAX_ANSWER_BYTES) throw new CliError('the answer is too large');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

interface Problem {
  detail?: unknown;
  title?: unknown;
  code?: unknown;
  errors?: unknown;
}

function toApiError(response: IncomingMessage, body: unknown): ApiError {
  const status = response.statusCode ?? 0;
  const problem: Problem = typeof body === 'object' && body !== null ? body : {};
  const text = [problem.detail, problem.title].find((part) => typeof part === 'string' && part !== '');
  const lines = [String(text ?? `the server answered ${status} ${response.statusMessage ?? ''}`.trim())];
  for (const error of Array.isArray(problem.errors) ? problem.errors : []) {
    const line = `${String(error?.path)}: ${String(error?.message)}`;
    // With a single field at fault, the detail says it already.
    if (line !== lines[0]) lines.push(`  ${line}`);
  }
  return new ApiError(status, String(problem.code ?? ''), lines.join('\n'), hintFor(status, response));
}

function hintFor(status: number, response: IncomingMessage): string | undefined {
  if (status === 401) return 'ORION_TOKEN must be a token that is valid now';
  if (status === 403) return "this needs an administrator's token (in a lab: ORION_TOKEN=$ORION_ADMIN_TOKEN)";
  const retryAfter = response.headers['retry-after'];
  return retryAfter !== undefined && /^\d+$/.test(retryAfter) ? `try again in ${retryAfter} s` : undefined;
}

const CERTIFICATE_CODES = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/;

/** What came of a call that got no answer, in words that tell what to do. */
function explain(error: unknown, settings: Settings, call: HttpCall, timedOut: boolean): unknown {
  if (error instanceof CliError || call.signal.aborted) return error;
  const where = settings.url.origin;
  if (timedOut) return new CliError(`${where} did not answer within ${Math.ceil(call.timeoutMs / 1_000)} s`);
  const code = codeOf(error);
  if (CERTIFICATE_CODES.test(code)) {
    const hint = 'ORION_CA names the file of the CA that signed it';
    return new CliError(`the certificate of ${where} is not trusted (${code})`, { hint });
  }
  const hint = 'is Orion running, and does ORION_URL name it?';
  return new CliError(`${where} can't be reached (${code || 'connection lost'})`, { hint });
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  const code = (error as NodeJS.ErrnoException).code;
  return typeof code === 'string' ? code : '';
}
