import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listMarked } from './processes.ts';
import { startWorker, type Worker, writeControlKey } from './worker.ts';

const home = mkdtempSync(join(tmpdir(), 'orion-worker-'));
const port = 40_000 + Math.floor(Math.random() * 20_000);
let worker: Worker;

beforeAll(async () => {
  const authorizedKey = await writeControlKey(home);
  worker = await startWorker({ home, name: 'w1', host: '127.0.0.1', port, authorizedKey });
});
afterAll(async () => {
  await worker?.stop();
  expect(await listMarked('ORION_LAB', home)).toEqual([]);
  rmSync(home, { recursive: true, force: true });
});

function ssh(command: string) {
  const options = [
    '-oBatchMode=yes',
    '-oStrictHostKeyChecking=no',
    `-oUserKnownHostsFile=${home}/known`,
    '-oConnectTimeout=5',
  ];
  return execa(
    'ssh',
    [...options, '-i', `${home}/keys/control_ed25519`, '-p', String(port), 'root@127.0.0.1', command],
    { reject: false, timeout: 20_000 },
  );
}

test('root logs in and python works', async () => {
  const result = await ssh(
    'hostname; /usr/bin/python3 -c "import json; print(6*7)"; ls -A /; ls -A /root /home /tmp /dev; id; mount; ps ax',
  );
  console.log(result.stdout, result.stderr);
  expect(result.stdout).toContain('w1\n42');
});
