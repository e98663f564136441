import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stopLab } from './down.ts';
import type { Lab } from './lab.ts';
import { isRunning, listMarked, type ProcessIdentity } from './processes.ts';
import { readRecord } from './records.ts';
import { readStatus } from './status.ts';
import { startLab } from './up.ts';

/** Runs in place of the daemon: answers that it is ready, and which process it is. */
const STUB = `
  const http = require('node:http');
  if (require('node:fs').existsSync(process.env.ORION_HOME + '/away')) process.exit(1);
  const server = http.createServer((request, response) => {
    if (request.url === '/slow') return void response.write('first');
    let length = 0;
    request.on('data', (data) => (length += data.length)).on('end', () => {
      response.setHeader('Server', 'stub');
      response.end(JSON.stringify({ pid: process.pid, length, authorization: request.headers.authorization }));
    });
  });
  server.listen(process.env.ORION_LISTEN.slice('unix:'.length));
  process.on('SIGTERM', () => process.exit(0));`;
const daemon = { command: process.execPath, args: ['-e', STUB] };

let home: string;
let base: number;
let env: Record<string, string>;
let lab: Lab | null = null;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'orion-lab-'));
  base = 30_000 + Math.floor(Math.random() * 650) * 4;
  const nodes = [1, 2].map((n) => `  - { name: worker_${n}, host: 127.0.0.1, port: ${base + n} }\n`);
  writeFileSync(
    join(home, 'inventory.yaml'),
    `defaults: { user: root, privateKey: "\${ORION_HOME}/keys/control_ed25519" }\nnodes:\n${nodes.join('')}`,
  );
  env = {
    ORION_HOME: home,
    ORION_INVENTORY: join(home, 'inventory.yaml'),
    ORION_HTTPS_PORT: String(base),
    ORION_REPLICAS: '2',
  };
});

afterEach(async () => {
  await lab?.stop();
  lab = null;
  expect(await listMarked('ORION_LAB', home)).toEqual([]);
  rmSync(home, { recursive: true, force: true });
});

async function up(more: Record<string, string> = {}): Promise<Lab> {
  lab = await startLab({ env: { ...env, ...more }, daemon });
  return lab;
}

interface Answer {
  status: number | undefined;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

function ask(
  path: string,
  options: { method?: string; body?: string; chunked?: boolean } = {},
): Promise<Answer> {
  const ca = readFileSync(join(home, 'caddy/pki/authorities/local/root.crt'));
  return new Promise((done, fail) => {
    const headers = {
      authorization: 'Bearer secret-of-the-test',
      ...(options.body !== undefined && !options.chunked ? { 'content-length': options.body.length } : {}),
    };
    const asked = request(
      {
        host: 'localhost',
        port: base,
        path,
        method: options.method ?? 'GET',
        ca,
        headers,
        agent: false,
        timeout: 60_000,
      },
      (response) => {
        let body = '';
        response.on('data', (data) => {
          body += data;
          if (path === '/slow') asked.destroy();
        });
        response.on('close', () => done({ status: response.statusCode, headers: response.headers, body }));
      },
    );
    asked.on('error', fail);
    if (options.body !== undefined) asked.write(options.body);
    asked.end();
  });
}

test('everything runs, is supervised, alone in its home, and is gone after stop', async () => {
  const running = await up();
  await expect(startLab({ env, daemon })).rejects.toThrow('runs in');
  const status = await readStatus(home);
  expect(status.workers).toEqual([
    { name: 'worker_1', port: base + 1, running: true },
    { name: 'worker_2', port: base + 2, running: true },
  ]);
  expect(status.daemons.map(({ name }) => name)).toEqual(['daemon_1', 'daemon_2']);
  expect(status.proxy.url).toBe(`https://localhost:${base}`);

  for (const pid of [status.daemons[0]?.pid, status.proxy.pid, status.database[0]?.pid])
    process.kill(pid ?? 0, 'SIGKILL');
  await expect
    .poll(
      async () => {
        const now = await readStatus(home);
        const pids = [now.daemons[0]?.pid, now.proxy.pid, now.database[0]?.pid];
        const old = [status.daemons[0]?.pid, status.proxy.pid, status.database[0]?.pid];
        return pids.every((pid, index) => typeof pid === 'number' && pid !== old[index]);
      },
      { timeout: 60_000, interval: 100 },
    )
    .toBe(true);

  await running.stopWorker('worker_1');
  expect((await readStatus(home)).workers[0]?.running).toBe(false);
  // Another program, as the command line is, starts the worker and ends by itself. The worker lives on.
  const spec = { ...running.workers.get('worker_1')?.spec };
  const module = join(import.meta.dirname, '../../dist/lab/worker.js');
  const script = `import { startWorker } from ${JSON.stringify(module)}; await startWorker(${JSON.stringify(spec)});`;
  await execa(process.execPath, ['--input-type=module', '-e', script], { timeout: 60_000 });
  expect((await readStatus(home)).workers[0]?.running).toBe(true);

  await running.stop();
  expect(await listMarked('ORION_LAB', home)).toEqual([]);
  expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(home);
  await expect(readStatus(home)).rejects.toThrow('No lab is up');
  // The next one of the same home may have another shape.
  await up({ ORION_REPLICAS: '1' });
  await expectProxyToAnswer();
});

/** The proxy answers as the API would, also when it answers alone. */
async function expectProxyToAnswer(): Promise<void> {
  const good = await ask('/x');
  expect(good).toMatchObject({ status: 200, body: expect.stringContaining('Bearer secret-of-the-test') });
  expect(good.headers.server).toBeUndefined();
  expect(good.headers['strict-transport-security']).toContain('max-age');
  expect(good.headers['x-content-type-options']).toBe('nosniff');
  expect(await ask('/x', { method: 'POST', body: 'a'.repeat(65_536) })).toMatchObject({ status: 200 });
  for (const chunked of [false, true]) {
    const refused = await ask('/x', { method: 'POST', body: 'a'.repeat(70_000), chunked });
    expect(refused.status).toBe(413);
    expect(refused.headers['content-type']).toBe('application/problem+json');
    expect(JSON.parse(refused.body)).toMatchObject({ status: 413, code: 'body_too_large' });
  }
  expect((await ask('/slow')).body).toBe('first');

  const pid = lab?.daemonPid('daemon_1') ?? 0;
  process.kill(pid, 'SIGKILL');
  expect((await ask('/x')).status).toBe(200);
  writeFileSync(join(home, 'away'), '');
  process.kill(lab?.daemonPid('daemon_1') ?? 0, 'SIGKILL');
  const away = await ask('/x');
  expect(away).toMatchObject({ status: 502, headers: { 'retry-after': '2' } });
  expect(JSON.parse(away.body)).toMatchObject({ status: 502, code: 'unavailable' });
  expect(away.headers.server).toBeUndefined();
  expect(readFileSync(join(home, 'logs', 'proxy.log'), 'utf8')).not.toContain('secret-of-the-test');
}

test('kill -9 of the lab: the next one removes what is left and finds its data again', async () => {
  const script = `
    import { startLab } from ${JSON.stringify(join(import.meta.dirname, '../../dist/lab/up.js'))};
    await startLab({ env: ${JSON.stringify(env)}, daemon: ${JSON.stringify(daemon)} });
    console.log('up');
    setInterval(() => {}, 1000);`;
  let before: ProcessIdentity[] = [];
  for (let start = 1; start <= 2; start++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((done) => child.stdout.once('data', done));
    expect(statSync(join(home, 'run', 'lab.json')).mode & 0o077).toBe(0);
    child.kill('SIGKILL');
    await new Promise((done) => child.once('exit', done));
    const left = await listMarked('ORION_LAB', home);
    expect(left.length).toBeGreaterThan(6);
    for (const process of before) expect(await isRunning(process)).toBe(false);
    before = left;
  }
  expect(await stopLab(home)).toBe('removed');
  expect(existsSync(join(home, 'run', 'lab.json'))).toBe(false);
  expect(await readRecord(home, 'proxy')).toBe(null);
  expect(await listMarked('ORION_LAB', home)).toEqual([]);
});

test('a port in use is named before anything starts', async () => {
  const holder = createServer();
  await new Promise<void>((done) => holder.listen(base + 2, '127.0.0.1', done));
  try {
    await expect(up()).rejects.toThrow(
      new RegExp(`Port ${base + 2} for worker_2 is in use by .* \\(pid ${process.pid}\\)`),
    );
    expect(existsSync(join(home, 'database'))).toBe(false);
  } finally {
    holder.close();
  }
});

test('a start can be broken off', async () => {
  const stopping = new AbortController();
  const starting = startLab({ env, daemon, signal: stopping.signal, say: () => stopping.abort() });
  await expect(starting).rejects.toThrow();
});
