import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { SPEC_DEFAULTS } from '../core/model/rental.ts';
import { type RentalView, viewSpec } from '../core/view/rental-view.ts';
import type { Io } from './io.ts';
import { run } from './run.ts';

/** For tests: a server on loopback with scripted answers, and a terminal that records its output. */
export interface FakeApi {
  url: string;
  /** `METHOD /path?query` of each request, and its body. */
  requests: { line: string; body: unknown; headers: IncomingMessage['headers'] }[];
  close(): Promise<void>;
}

export type Answer = (request: { line: string; body: unknown; count: number }) => {
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
  /** Sent as a stream of events instead of `body`; `hang` leaves it open. */
  stream?: ({ event: string; id?: string; data: unknown } | 'synced')[];
  hang?: boolean;
};

export async function startFakeApi(answer: Answer, tls?: { key: string; cert: string }): Promise<FakeApi> {
  const requests: FakeApi['requests'] = [];
  const listener = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const line = `${request.method} ${request.url}`;
    const body = text === '' ? undefined : JSON.parse(text);
    const isStream = request.headers.accept === 'text/event-stream';
    requests.push({ line: isStream ? `${line} (watch)` : line, body, headers: request.headers });
    const count = requests.filter((earlier) => earlier.line === requests.at(-1)?.line).length;
    const told = answer({ line: isStream ? `${line} (watch)` : line, body, count });
    if (told.stream === undefined) {
      response.writeHead(told.status ?? 200, { 'content-type': 'application/json', ...told.headers });
      response.end(told.body === undefined ? '' : JSON.stringify(told.body));
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(': hello\n\n');
    for (const message of told.stream) response.write(`${formatMessage(message)}\n\n`);
    if (!told.hang) response.end();
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http${tls === undefined ? '' : 's'}://localhost:${port}`,
    requests,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}

function formatMessage(message: NonNullable<ReturnType<Answer>['stream']>[number]): string {
  if (message === 'synced') return ': synced';
  const { event, id, data } = message;
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}`;
}

export interface Ran {
  code: number;
  out: string;
  err: string;
  programs: { file: string; args: string[] }[];
}

export async function runOrion(
  argv: string[],
  env: Io['env'],
  more: Partial<Pick<Io, 'signal' | 'runProgram' | 'terminal' | 'input'>> & {
    onOut?: (text: string) => void;
  } = {},
): Promise<Ran> {
  const ran: Ran = { code: -1, out: '', err: '', programs: [] };
  ran.code = await run(argv, {
    env: { HOME: '/nonexistent', ...env },
    out: (text) => {
      ran.out += text;
      more.onOut?.(ran.out);
    },
    err: (text) => {
      ran.err += text;
    },
    terminal: more.terminal ?? (() => null),
    input: more.input ?? { isTerminal: false, readAll: async () => '', ask: async () => '' },
    self: ['orion'],
    signal: more.signal ?? new AbortController().signal,
    now: () => new Date('2026-01-01T12:00:00Z'),
    runProgram: async (file, args) => {
      ran.programs.push({ file, args });
      return more.runProgram === undefined ? 0 : more.runProgram(file, args);
    },
  });
  return ran;
}

export function fakeRental(
  status: Partial<RentalView['status']> = {},
  more: Partial<RentalView> = {},
): RentalView {
  return {
    id: 'r_abc',
    name: 'quick-fox',
    tenant: 'demo',
    generation: 1,
    createdAt: '2026-01-01T11:58:30.000Z',
    spec: viewSpec({
      ...SPEC_DEFAULTS,
      sshPublicKey: 'ssh-ed25519 AAAA',
      selector: { matchLabels: { size: 'small' }, zone: null },
      ttlMs: 6 * 3_600_000,
    }),
    status: {
      phase: 'Active',
      observedGeneration: 1,
      node: 'worker_1',
      expiresAt: '2026-01-01T18:00:00.000Z',
      queuePosition: null,
      queueEstimateAt: null,
      connection: {
        host: '127.0.0.1',
        port: 22221,
        user: 'r7f3k2a9',
        hostKey: 'ssh-ed25519 AAAAhost',
        command: 'ssh -p 22221 r7f3k2a9@127.0.0.1',
      },
      restart: null,
      conditions: [],
      placements: [],
      ...status,
    },
    ...more,
  };
}
