import { rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import type { Logger } from '../core/ports/log.ts';
import type { AppEnv } from './app-env.ts';
import { PROBLEMS, type ProblemCode, ProblemError, toProblemBody } from './problem.ts';

export type Listen = { kind: 'tcp'; host: string; port: number } | { kind: 'unix'; path: string };

export interface ApiServer {
  /** Takes no more requests, lets running ones finish for a while, then cuts the rest. */
  close(): Promise<void>;
}

const DRAIN_MS = 5_000;

export async function startServer(options: {
  app: Hono<AppEnv>;
  listen: Listen;
  logger: Logger;
}): Promise<ApiServer> {
  const { app, listen, logger } = options;
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  server.on('clientError', answerParserError);
  // A socket left behind by a killed daemon would make listening fail.
  if (listen.kind === 'unix') await rm(listen.path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    const ready = () => resolve();
    if (listen.kind === 'unix') server.listen(listen.path, ready);
    else server.listen(listen.port, listen.host, ready);
  });
  server.on('error', (error) => logger.error({ err: error }, 'the API server failed'));
  return {
    close: () =>
      new Promise((resolve) => {
        const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
        server.close(() => {
          clearTimeout(cut);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

const PARSER_PROBLEMS: Record<string, ProblemCode> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_too_slow',
};

/** Requests that the HTTP parser refuses never reach the app, but get a problem like any other. */
function answerParserError(error: Error & { code?: string; rawPacket?: Buffer }, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const code = PARSER_PROBLEMS[error.code ?? ''] ?? 'malformed_request';
  const { status, title } = PROBLEMS[code];
  const text = JSON.stringify(toProblemBody(new ProblemError(code, title), null));
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Cache-Control: no-store',
    'Connection: close',
  ];
  // An answer to HEAD has no body. A client that got one would have to drop it as garbage.
  const body = error.rawPacket?.toString('latin1', 0, 5) === 'HEAD ' ? '' : text;
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
