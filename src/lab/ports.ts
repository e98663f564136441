import { createServer } from 'node:net';
import { execa } from 'execa';
import { needsOwnNetwork } from './network.ts';
import { LabError, type LabSettings } from './settings.ts';

/** Fails if a port is in use, before anything is started. Workers with a network of their own can't collide. */
export async function checkPorts(settings: LabSettings): Promise<void> {
  const wanted = [
    { host: '127.0.0.1', port: settings.httpsPort, use: 'the API', setting: 'ORION_HTTPS_PORT' },
    ...settings.nodes
      .filter((node) => !needsOwnNetwork(node.host))
      .map((node) => ({ ...node, use: node.name, setting: settings.inventoryPath })),
  ];
  for (const { host, port, use, setting } of wanted) {
    if (await isFree(host, port)) continue;
    const holder = await findHolder(port);
    throw new LabError(
      `Port ${port} for ${use} is in use${holder}; stop that, or choose another port in ${setting}.`,
    );
  }
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => done(true)));
  });
}

async function findHolder(port: number): Promise<string> {
  const result = await execa('ss', ['-Hltnp', `sport = :${port}`], { reject: false, timeout: 30_000 });
  const found = /users:\(\("([^"]+)",pid=(\d+)/.exec(result.stdout ?? '');
  return found === null ? '' : ` by ${found[1]} (pid ${found[2]})`;
}
