import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Call {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A client's webhook: a real server on this machine. */
export interface Receiver {
  port: number;
  url: string;
  /** All calls, in order. */
  calls: Call[];
  close(): Promise<void>;
}

/**
 * `answer` may leave a call unanswered. Without `answer`, each call is answered 204. `host` is an address of this
 * machine or the path of a unix socket.
 */
export async function startReceiver(
  answer: (call: Call, response: ServerResponse, request: IncomingMessage) => void = (_call, response) =>
    void response.writeHead(204).end(),
  host = '127.0.0.1',
): Promise<Receiver> {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      const call = { path: request.url ?? '', headers: request.headers, body };
      calls.push(call);
      answer(call, response, request);
    });
  });
  const where = host.startsWith('/') ? { path: host } : { port: 0, host };
  await new Promise<void>((done, fail) => server.once('error', fail).listen(where, done));
  const address = server.address() as AddressInfo | string;
  const port = typeof address === 'string' ? 0 : address.port;
  return {
    port,
    url: `http://${host}:${port}/hook`,
    calls,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
