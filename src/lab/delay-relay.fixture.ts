import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface DelayRelay {
  port: number;
  /** From now on each piece of data to the node takes about this much longer; 0 for no delay. */
  setDelay(delay: { meanMs: number; spreadMs: number }): void;
  /** The delays since the start, in milliseconds. */
  delays: number[];
  close(): Promise<void>;
}

/**
 * A slow line in front of a node. What a client sends arrives late, each piece by a different delay, yet in order, as
 * with TCP. This machine's kernel may have no netem.
 */
export async function startDelayRelay(options: {
  port: number;
  to: number;
  chance: () => number;
}): Promise<DelayRelay> {
  let delay = { meanMs: 0, spreadMs: 0 };
  const delays: number[] = [];
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const node = connect(options.to, '127.0.0.1');
    const end = () => {
      client.destroy();
      node.destroy();
    };
    for (const socket of [client, node]) {
      open.add(socket);
      socket.setNoDelay().on('error', end);
      socket.on('close', () => {
        open.delete(socket);
        end();
      });
    }
    node.pipe(client);
    let line = Promise.resolve();
    client.on('data', (chunk) => {
      const ms = Math.max(0, delay.meanMs + delay.spreadMs * (2 * options.chance() - 1));
      if (ms > 0) delays.push(ms);
      const due = sleep(ms);
      line = line.then(async () => {
        await due;
        if (!node.destroyed) node.write(chunk);
      });
    });
  });
  await new Promise<void>((done, fail) => server.once('error', fail).listen(options.port, '127.0.0.1', done));
  return {
    port: options.port,
    delays,
    setDelay: (next) => {
      delay = next;
    },
    close: async () => {
      const closed = new Promise((done) => server.close(done));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
