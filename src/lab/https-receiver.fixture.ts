import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Receiver, startReceiver } from '../notify/receiver.fixture.ts';
import { caPathOf, startProxy, waitUntilServing } from './proxy.ts';

/** A realistic client's webhook: a name, TLS, and a certificate whose authority must be trusted. */
export interface HttpsReceiver extends Receiver {
  caPath: string;
}

export async function startHttpsReceiver(
  httpsPort: number,
  answer: NonNullable<Parameters<typeof startReceiver>[0]>,
): Promise<HttpsReceiver> {
  const home = await mkdtemp(join(tmpdir(), 'orion-receiver-'));
  await mkdir(join(home, 'run'));
  const receiver = await startReceiver(
    (call, response, request) => {
      if (request.method === 'POST') return answer(call, response, request);
      // Before the proxy passes on a message, it checks that somebody answers.
      receiver.calls.splice(receiver.calls.indexOf(call), 1);
      response.writeHead(204).end();
    },
    join(home, 'run', 'receiver.sock'),
  );
  const settings = { home, inventoryPath: '', nodes: [], httpsPort, replicas: 1 };
  const proxy = await startProxy(settings, ['receiver']);
  const close = async () => {
    await proxy.stop();
    await receiver.close();
    await rm(home, { recursive: true, force: true });
  };
  await waitUntilServing(settings, AbortSignal.timeout(60_000)).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  const url = `https://localhost:${httpsPort}/hook`;
  return { port: httpsPort, url, calls: receiver.calls, caPath: caPathOf(home), close };
}
