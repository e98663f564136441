import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, type IncomingMessage, type RequestOptions } from 'node:http';
import { request } from 'node:https';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { caPathOf, startProxy, waitUntilServing } from '../lab/proxy.ts';
import { CHECKOUT, type LabSettings } from '../lab/settings.ts';
import { type Running, startProgram } from '../lab/supervisor.ts';
import { type ApiBench, createApiBench, KEY } from './api.fixture.ts';
import { type ApiServer, type Listen, startServer } from './server.ts';

// Three API processes behind the real proxy with its own configuration. It finds them in both ways: by their
// sockets, as in the lab, and by resolving a name, as in compose.

const quiet = () => undefined;
const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const NAMES = ['daemon_1', 'daemon_2', 'daemon_3'];
const DAEMON_PORT = 28_724;

interface Kind {
  httpsPort: number;
  start(settings: LabSettings): Promise<Running>;
  listenOf(home: string, place: number): Listen;
}

const KINDS: Record<string, Kind> = {
  sockets: {
    httpsPort: 28_722,
    start: (settings) => startProxy(settings, NAMES),
    listenOf: (home, place) => ({ kind: 'unix', path: join(home, 'run', `${NAMES[place]}.sock`) }),
  },
  replicas: {
    httpsPort: 28_723,
    start: startWithName,
    listenOf: (_home, place) => ({ kind: 'tcp', host: `127.0.0.${2 + place}`, port: DAEMON_PORT }),
  },
};

/** Runs in a mount namespace whose hosts file replaces compose's name server. Only the port is not the real one. */
async function startWithName({ home, httpsPort }: LabSettings): Promise<Running> {
  const config = await readFile(join(CHECKOUT, 'Caddyfile'), 'utf8');
  await writeFile(join(home, 'Caddyfile'), config.replace('port 8080', `port ${DAEMON_PORT}`));
  await writeFile(join(home, 'hosts'), NAMES.map((_name, place) => `127.0.0.${2 + place} api\n`).join(''));
  const run = 'mount --bind hosts /etc/hosts && exec caddy run --config Caddyfile --adapter caddyfile';
  return await startProgram({
    home,
    name: 'proxy',
    command: 'unshare',
    args: ['-m', 'sh', '-c', run],
    cwd: home,
    graceMs: 5_000,
    env: {
      PATH: process.env.PATH ?? '',
      HOME: join(home, 'caddy'),
      XDG_CONFIG_HOME: join(home, 'caddy'),
      XDG_DATA_HOME: join(home, 'caddy'),
      ORION_PROXY_SITES: `https://localhost:${httpsPort}, https://127.0.0.1:${httpsPort}`,
      ORION_PROXY_PORT: String(httpsPort),
      ORION_PROXY_BACKENDS: 'replicas',
    },
  });
}

describe.each(Object.keys(KINDS))('three daemons behind the proxy, found as %s', (name) => {
  const { httpsPort, start, listenOf } = KINDS[name] as Kind;
  let home: string;
  let ca: Buffer;
  let proxy: Running;
  let bench: ApiBench;
  let servers: (ApiServer | undefined)[];

  const startDaemon = async (place: number) => {
    servers[place] = await startServer({ app: bench.app, listen: listenOf(home, place), logger });
  };
  const stopDaemon = async (place: number) => {
    await servers[place]?.close();
    servers[place] = undefined;
  };

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'orion-replicas-'));
    await mkdir(join(home, 'run'));
    const settings: LabSettings = { home, inventoryPath: '', nodes: [], httpsPort, replicas: 3 };
    proxy = await start(settings);
    await waitUntilServing(settings, AbortSignal.timeout(60_000));
    ca = await readFile(caPathOf(home));
  });
  afterAll(async () => {
    await proxy?.stop();
    await rm(home, { recursive: true, force: true });
  });
  beforeEach(async () => {
    bench = await createApiBench();
    servers = [];
    await Promise.all(NAMES.map((_name, place) => startDaemon(place)));
  });
  afterEach(async () => {
    bench.watch.close();
    await Promise.all(NAMES.map((_name, place) => stopDaemon(place)));
  });

  function ask(line: string, body?: object): Promise<IncomingMessage> {
    const [method, path] = line.split(' ');
    const headers = { authorization: `Bearer ${bench.tokens.anna}`, 'content-type': 'application/json' };
    const options: RequestOptions = { host: 'localhost', port: httpsPort, method, path, headers };
    return new Promise((resolve, reject) => {
      const sent = request({ ...options, ca, agent: false, timeout: 60_000 }, resolve);
      sent.on('error', reject).on('timeout', () => sent.destroy(new Error(`${line}: no answer`)));
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** The name in the answer, or the status and code of the refusal. */
  async function rent(box: string): Promise<string> {
    const response = await ask('POST /api/rentals', { sshPublicKey: KEY, name: box });
    const answer = JSON.parse(await text(response)) as { name?: string; code?: string };
    return answer.name ?? `${response.statusCode} ${answer.code}`;
  }

  async function rentMany(count: number, atOnce: number): Promise<{ wanted: string[]; got: string[] }> {
    const wanted = Array.from({ length: count }, (_, index) => `box-${index}`);
    const got: string[] = [];
    for (let first = 0; first < count; first += atOnce) {
      got.push(...(await Promise.all(wanted.slice(first, first + atOnce).map(rent))));
    }
    return { wanted, got };
  }

  test('while one is away every write is carried out, once, and with its own body', async () => {
    await stopDaemon(1);
    const { wanted, got } = await rentMany(60, 20);
    expect(got).toEqual(wanted);
    expect(bench.store.rentals.size).toBe(60);
  });

  test('a write that comes while all are away waits for the first that is back', async () => {
    for (const [place] of NAMES.entries()) await stopDaemon(place);
    const box = rent('box');
    await sleep(500);
    await startDaemon(2);
    expect(await box).toBe('box');
  });

  test('one that hangs takes no request with it', async () => {
    await stopDaemon(0);
    const hung = await startSilent(listenOf(home, 0));
    try {
      const { wanted, got } = await rentMany(12, 6);
      expect(got).toEqual(wanted);
      const reads = await Promise.all(Array.from({ length: 12 }, () => ask('GET /api/rentals')));
      expect(reads.map((response) => response.resume().statusCode)).toEqual(reads.map(() => 200));
    } finally {
      await hung.close();
    }
  });

  test('a lone one that is silent for some seconds costs a wait, and no request', async () => {
    for (const [place] of NAMES.entries()) await stopDaemon(place);
    const hung = await startSilent(listenOf(home, 0));
    const [box, read] = [rent('box'), ask('GET /api/rentals')];
    await hung.givenUp;
    await hung.close();
    await startDaemon(0);
    expect(await box).toBe('box');
    expect((await read).resume().statusCode).toBe(200);
  });

  test('of one that dies over a request a read is asked again, a write never', async () => {
    await stopDaemon(0);
    const received: string[] = [];
    const dying = createHttpServer((incoming, answer) => {
      if (incoming.url === '/healthz') return void answer.end();
      received.push(`${incoming.method} ${incoming.url}`);
      incoming.socket.destroy();
    });
    await listenAt(dying, listenOf(home, 0));
    try {
      const readMany = async () => {
        const reads = await Promise.all(Array.from({ length: 6 }, () => ask('GET /api/rentals')));
        expect(reads.map((response) => response.resume().statusCode)).toEqual(reads.map(() => 200));
        return received;
      };
      // The proxy may still leave it out for a moment, as it was away.
      await expect.poll(readMany).toContain('GET /api/rentals');
      const { got } = await rentMany(6, 1);
      const writes = received.filter((line) => line.startsWith('POST'));
      expect(writes.length).toBeGreaterThan(0);
      expect(got.filter((each) => each === '502 unavailable')).toHaveLength(writes.length);
      expect(bench.store.rentals.size).toBe(6 - writes.length);
    } finally {
      dying.closeAllConnections();
      await new Promise((resolve) => dying.close(resolve));
    }
  });

  test('what clients break off or garble takes no daemon away from others', async () => {
    const head = `POST /api/rentals HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${bench.tokens.ben}\r\nContent-Type: application/json\r\n`;
    const spoilt = [
      `${head}Content-Length: 500\r\n\r\n{"ttl"`,
      `${head}Transfer-Encoding: chunked\r\n\r\nfffff\r\n{`,
      `${head}Transfer-Encoding: chunked\r\n\r\nnonsense\r\n\r\n`,
      `GET /api/rentals HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'x'.repeat(300_000)}\r\n\r\n`,
    ];
    const statuses: string[] = [];
    for (let round = 0; round < 6; round++) {
      await Promise.all(spoilt.map(sendAndBreak));
      const got = await Promise.all(['a', 'b', 'c'].map((letter) => rent(`box-${letter}-${round}`)));
      statuses.push(...got);
    }
    expect(statuses.filter((status) => !status.startsWith('box-'))).toEqual([]);
  });

  /** Sends the bytes and leaves before any answer, like a client whose machine dies. */
  function sendAndBreak(bytes: string): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect({ host: 'localhost', port: httpsPort, ca, servername: 'localhost' });
      socket.on('error', quiet).on('close', () => resolve());
      socket.write(bytes, () => setTimeout(() => socket.destroy(), 30));
    });
  }
});

interface Silent {
  /** Settles once a client has given up waiting. */
  givenUp: Promise<void>;
  close(): Promise<void>;
}

/** Accepts connections and says nothing, as the kernel does for a stopped process. */
async function startSilent(listen: Listen): Promise<Silent> {
  const sockets = new Set<{ destroy(): void }>();
  let giveUp: () => void;
  const givenUp = new Promise<void>((resolve) => {
    giveUp = resolve;
  });
  const server: Server = createServer((socket) => {
    sockets.add(socket.on('error', quiet).on('close', () => giveUp()));
    // Unread bytes would hide the end of the connection.
    socket.resume();
  });
  await listenAt(server, listen);
  return {
    givenUp,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

async function listenAt(server: Server, listen: Listen): Promise<void> {
  if (listen.kind === 'unix') await rm(listen.path, { force: true });
  const where = listen.kind === 'unix' ? { path: listen.path } : { host: listen.host, port: listen.port };
  await new Promise<void>((resolve) => server.listen(where, resolve));
}
