import { createConnection } from 'node:net';
import { execa } from 'execa';
import type { Engine } from './engine.ts';

const PORTS = [443, 22221, 22222, 22223, 22224, 22225];

/** The names and ports of compose/*.yml are fixed. What already uses them would be in the way, or be removed. */
export async function expectRoom({ env }: Engine): Promise<void> {
  const docker = (...args: string[]) => execa('docker', args, { env, timeout: 60_000 });
  const containers = (await docker('ps', '-a', '--format', '{{.Names}}')).stdout.split('\n');
  const networks = (await docker('network', 'ls', '--format', '{{.Name}}')).stdout.split('\n');
  const taken = containers.filter((name) => /^worker_\d+$/.test(name));
  taken.push(...networks.filter((name) => name === 'lab_network'));
  for (const port of PORTS) {
    if (await isListening(port)) taken.push(`port ${port}`);
  }
  if (taken.length > 0) {
    throw new Error(`These are in use, so that the compose files can't be tried here: ${taken.join(', ')}`);
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = createConnection({ port, host: '127.0.0.1', timeout: 2_000 });
    const answer = (is: boolean) => {
      socket.destroy();
      done(is);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
    socket.once('timeout', () => answer(false));
  });
}
