/**
 * Compares how long a client waits for a machine with how long a textbook playbook takes to make an account on the
 * same machine. Both are measured in turn, in one run on one lab, so that the ratio holds where single times do not.
 * `npm run bench rent [ROUNDS]`.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Lab } from '../src/lab/lab.ts';
import { startLab } from '../src/lab/up.ts';

const BASE_PORT = 29_600;
const rounds = Number(process.argv[2] ?? 7);

const TEXTBOOK = `
- hosts: all
  gather_facts: false
  tasks:
    - name: The account
      ansible.builtin.user: { name: "{{ account }}", shell: /bin/bash }
    - name: The folder for its key
      ansible.builtin.file: { path: "/home/{{ account }}/.ssh", state: directory, owner: "{{ account }}", mode: "0700" }
    - name: The key
      ansible.builtin.copy: { content: "{{ key }}\\n", dest: "/home/{{ account }}/.ssh/authorized_keys", owner: "{{ account }}", mode: "0600" }
`;

const home = await mkdtemp(join(tmpdir(), 'orion-bench-'));
let lab: Lab | null = null;
try {
  const inventory = join(home, 'inventory.yaml');
  await writeFile(
    inventory,
    `defaults: { host: 127.0.0.1, privateKey: "${home}/keys/control_ed25519" }\nnodes: [{ name: w1, port: ${BASE_PORT + 1} }]\n`,
  );
  const env = {
    ...process.env,
    ORION_HOME: home,
    ORION_INVENTORY: inventory,
    ORION_HTTPS_PORT: String(BASE_PORT),
  };
  lab = await startLab({ env });
  const ca = await readFile(lab.caPath);
  const rent: number[] = [];
  const textbook: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const a = await timeTextbook(lab);
    const b = await timeRent(lab, ca);
    // The first round warms caches on both sides.
    if (round > 0) {
      textbook.push(a);
      rent.push(b);
    }
  }
  const ratios = rent.map((ms, i) => ms / (textbook[i] as number));
  console.log(`POST /api/rent to 201      median ${median(rent).toFixed(0)} ms  (${rounds} rounds)`);
  console.log(`textbook ansible-playbook  median ${median(textbook).toFixed(0)} ms`);
  console.log(`ratio rent / textbook      median ${median(ratios).toFixed(2)}`);
} finally {
  await lab?.stop();
  await rm(home, { recursive: true, force: true });
}

/** Milliseconds from the request to the answer that says where to log in; release and cleaning do not count. */
async function timeRent(running: Lab, ca: Buffer): Promise<number> {
  const startedAt = performance.now();
  const answer = await call(running, ca, 'POST', '/api/rent');
  const took = performance.now() - startedAt;
  if (answer.status !== 201) throw new Error(`rent answered ${answer.status}: ${answer.text}`);
  const { id } = JSON.parse(answer.text);
  await call(running, ca, 'DELETE', `/api/rentals/${id}`);
  for (;;) {
    const { text } = await call(running, ca, 'GET', `/api/rentals/${id}`);
    if (JSON.parse(text).status.phase === 'Released') return took;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function timeTextbook(running: Lab): Promise<number> {
  const worker = running.workers.get('w1');
  if (!worker) throw new Error('there is no worker');
  const playbook = join(home, 'textbook.yml');
  const knownHosts = join(home, 'textbook_known_hosts');
  await writeFile(playbook, TEXTBOOK);
  await writeFile(knownHosts, `[127.0.0.1]:${worker.spec.port} ${worker.hostKey}\n`);
  const key = (await readFile(join(home, 'keys', 'control_ed25519.pub'), 'utf8')).trim();
  const vars = join(home, 'textbook.json');
  await writeFile(vars, JSON.stringify({ account: 'textbook', key }));
  const args = [
    '-i',
    `127.0.0.1:${worker.spec.port},`,
    '-u',
    'root',
    '--private-key',
    join(home, 'keys', 'control_ed25519'),
  ];
  const startedAt = performance.now();
  await execa('/usr/bin/ansible-playbook', [...args, '-e', `@${vars}`, playbook], {
    env: {
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      ANSIBLE_PIPELINING: 'True',
      ANSIBLE_PYTHON_INTERPRETER: '/usr/bin/python3',
      ANSIBLE_SSH_ARGS: `-o UserKnownHostsFile=${knownHosts} -o ControlMaster=auto -o ControlPersist=5s -o ControlPath=${home}/mux-%C`,
    },
    timeout: 60_000,
  });
  const took = performance.now() - startedAt;
  await worker.exec(['userdel', '-r', '-f', 'textbook']);
  return took;
}

function call(
  running: Lab,
  ca: Buffer,
  method: string,
  path: string,
): Promise<{ status: number; text: string }> {
  const token = running.tokens?.tenant ?? '';
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-length': '0' };
    const options = { method, ca, headers, timeout: 90_000 };
    const sent = request(`${running.url}${path}`, options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.once('error', reject).once('timeout', () => sent.destroy(new Error('no answer')));
    sent.end();
  });
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
