import { mkdir, readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CHECKOUT, type LabSettings } from './settings.ts';
import { type Running, startProgram } from './supervisor.ts';

const READY_DEADLINE_MS = 60_000;

/** The certificate of the proxy's own authority, which verifies the one that it serves. */
export function caPathOf(home: string): string {
  return join(home, 'caddy', 'pki', 'authorities', 'local', 'root.crt');
}

export async function startProxy(settings: LabSettings, daemons: string[]): Promise<Running> {
  const { home, httpsPort } = settings;
  await mkdir(join(home, 'caddy'), { recursive: true, mode: 0o700 });
  return startProgram({
    home,
    name: 'proxy',
    command: 'caddy',
    args: ['run', '--config', join(CHECKOUT, 'Caddyfile'), '--adapter', 'caddyfile'],
    // Paths are relative to here, so that no character in ORION_HOME can be taken for Caddy's own syntax.
    cwd: home,
    env: {
      PATH: process.env.PATH ?? '',
      HOME: join(home, 'caddy'),
      XDG_CONFIG_HOME: join(home, 'caddy'),
      XDG_DATA_HOME: join(home, 'caddy'),
      ORION_PROXY_SITES: `https://localhost:${httpsPort}, https://127.0.0.1:${httpsPort}`,
      ORION_PROXY_PORT: String(httpsPort),
      ORION_PROXY_UPSTREAMS: daemons.map((name) => `unix/run/${name}.sock`).join(' '),
    },
    graceMs: 5_000,
  });
}

/** Resolves when a request is answered over TLS and the lab's own CA file verifies the certificate. */
export async function waitUntilServing(settings: LabSettings, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + READY_DEADLINE_MS;
  let problem = 'no certificate';
  for (;;) {
    signal.throwIfAborted();
    const ca = await readFile(caPathOf(settings.home)).catch(() => null);
    if (ca !== null) {
      const failure = await tryRequest(settings.httpsPort, ca);
      if (failure === null) return;
      problem = failure;
    }
    if (performance.now() > deadline) {
      throw new Error(`The proxy does not serve (${problem}); see ${settings.home}/logs/proxy.log`);
    }
    await sleep(50, undefined, { signal });
  }
}

function tryRequest(port: number, ca: Buffer): Promise<string | null> {
  return new Promise((done) => {
    const options = {
      host: '127.0.0.1',
      servername: 'localhost',
      port,
      path: '/healthz',
      ca,
      // Longer than the proxy tries to find a daemon: the proxy's own answer counts, too.
      timeout: 15_000,
    };
    const asked = request({ ...options, agent: false }, (response) => {
      response.resume();
      done(null);
    });
    asked.once('timeout', () => asked.destroy(new Error('silence')));
    asked.once('error', (error) => done(error.message));
    asked.end();
  });
}
