import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type System, startSystem } from './system.ts';

// What the containers are made of and may do, checked from inside and from the engine.

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system?.close());

const SERVICES = ['proxy', 'api', 'reconciler', 'db'];
const inside = (service: string, script: string) =>
  system.run(`docker exec -i orion_test-${service}-1 sh -c '${script.replaceAll("'", `'\\''`)}'`);
const secret = async (name: string) =>
  (await readFile(join(system.folder, 'compose/secrets', name), 'utf8')).trim();

test('the API is not root, can write nowhere but /tmp, and has no capabilities', async () => {
  expect(await inside('api', 'id -u; id -g')).toBe('10001\n10001');
  expect(await inside('api', 'touch /opt/orion/x /var/lib/orion/x /etc/x 2>&1 || true')).toMatch(
    /^(touch: .*Read-only file system\n?){3}$/,
  );
  const status = await inside('api', 'cat /proc/self/status');
  expect(status).toMatch(/^CapEff:\s+0+$/m);
  expect(status).toMatch(/^CapBnd:\s+0+$/m);
  expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
});

test('the API has no private key, and nothing that speaks SSH or runs playbooks', async () => {
  for (const program of ['ssh', 'ssh-keygen', 'ansible', 'ansible-playbook', 'python3', 'gcc', 'npm']) {
    expect(await inside('api', `command -v ${program} || echo none`)).toBe('none');
  }
  expect(await inside('api', 'ls /opt/orion /opt/orion/node_modules')).not.toMatch(/^(ansible|ssh2)$/m);
  const key = (await secret('control_ed25519')).split('\n')[1] ?? '';
  expect(key).toHaveLength(70);
  const places = '/opt /etc /run /var /home /root /tmp /proc/self/environ';
  expect(await inside('api', `grep -rlsF "${key}" ${places} || echo none`)).toBe('none');
  // The same search does find it where it is.
  expect(await inside('reconciler', `grep -rlsF "${key}" /var/lib/orion`)).toContain('control_ed25519');
});

test("the API has none of the database's other credentials, and can change no table", async () => {
  for (const name of ['db_root_password', 'db_reconciler_password']) {
    const password = await secret(name);
    const look = `grep -rlsF "${password}" /etc /run /var /tmp /proc/self/environ || echo none`;
    expect(await inside('api', look)).toBe('none');
  }
  const sql = (statement: string) =>
    inside(
      'api',
      `cd /opt/orion && node --input-type=module -e "import mysql from 'mysql2/promise'; import { readFileSync } from 'node:fs';
        const db = await mysql.createConnection(readFileSync('/run/secrets/api_database_url', 'utf8').trim());
        await db.query(\\"${statement}\\").then(() => console.log('done'), (error) => console.log(error.code)); await db.end()"`,
    );
  expect(await sql('SELECT count(*) FROM rentals')).toBe('done');
  for (const forbidden of ['CREATE TABLE t (a int)', 'DROP TABLE rentals', 'ALTER TABLE rentals ADD a int']) {
    expect(await sql(forbidden)).toBe('ER_TABLEACCESS_DENIED_ERROR');
  }
  expect(await sql('SELECT * FROM mysql.global_priv')).toBe('ER_TABLEACCESS_DENIED_ERROR');
});

test('each service is limited, hardened, watched and restarted; one port is published', async () => {
  const names = SERVICES.map((service) => `orion_test-${service}-1`);
  const found = JSON.parse(await system.run(`docker inspect ${names.join(' ')}`));
  const ports: string[] = [];
  for (const { Name, HostConfig, Config, State, Mounts } of found) {
    expect(HostConfig, Name).toMatchObject({
      ReadonlyRootfs: true,
      Privileged: false,
      CapDrop: ['ALL'],
      CapAdd: null,
      Init: true,
      SecurityOpt: ['no-new-privileges:true'],
      RestartPolicy: { Name: 'unless-stopped' },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '5' } },
      Memory: expect.any(Number),
    });
    for (const limit of ['Memory', 'NanoCpus', 'PidsLimit'])
      expect(HostConfig[limit], Name).toBeGreaterThan(0);
    expect(Config.User, Name).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(State.Health.Status, Name).toBe('healthy');
    // Secrets come as files: everybody who may ask the engine can read the environment.
    expect(Config.Env.join('\n'), Name).not.toMatch(/mysql:\/\/\w+:|PASSWORD=|KEY=./);
    expect(JSON.stringify(Mounts), Name).not.toContain('docker.sock');
    ports.push(...Object.keys(HostConfig.PortBindings ?? {}).map((port) => `${Name} ${port}`));
  }
  expect(ports).toEqual(['/orion_test-proxy-1 443/tcp']);
});

test('no image of ours holds a test, a fixture or the simulation', async () => {
  const look = "find /opt/orion/dist -name '*.test.js' -o -name '*.fixture.js' -o -path '*/simulation*'";
  for (const service of ['api', 'reconciler']) {
    expect(await inside(service, look)).toBe('');
    expect(await inside(service, 'ls /opt/orion/dist')).toContain('reconcile');
  }
});

test('no image of ours holds a file that lends its owner’s rights, a compiler or a secret', async () => {
  for (const image of ['orion-proxy', 'orion-api', 'orion-reconciler']) {
    const look = 'find / -xdev -perm /6000 -type f; command -v gcc cc make';
    expect(
      await system.run(`docker run --rm --user 0 --entrypoint sh ${image}:0.1.0 -c '${look}' || true`),
    ).toBe('');
    const labels = await system.run(`docker inspect --format '{{json .Config.Labels}}' ${image}:0.1.0`);
    expect(JSON.parse(labels)).toMatchObject({ 'org.opencontainers.image.title': image });
    const history = await system.run(`docker history --no-trunc ${image}:0.1.0`);
    expect(history).not.toContain(await secret('db_api_password'));
  }
});

test('a worker lets root in by the control key alone, and nobody by a password', async () => {
  const options =
    '-F none -p 22221 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR';
  const none = `ssh ${options} -o PreferredAuthentications=none root@127.0.0.1 true 2>&1 || true`;
  expect(await system.run(none)).toContain('Permission denied (publickey)');
  const key = `install -m 600 compose/secrets/control_ed25519 key && ssh ${options} -i key root@127.0.0.1 hostname; rm key`;
  expect(await system.run(key)).toBe('worker_1');
});

test('a worker of Debian does as well', async () => {
  await system.run(
    'WORKER_BASE=debian:trixie-slim docker compose -f compose/workers.yml up -d --wait --build worker_5 2>&1',
  );
  await system.isFree('worker_5');
  await system.orion('cordon worker_4');
  // It is another machine at the same address, and may be chosen before Orion sees that its preparation is gone.
  await system.orion('rent --name debian --label size=large --queue');
  expect(
    await system.orion("ssh debian -- '. /etc/os-release; hostname; echo $ID; ls /usr/sbin/useradd'"),
  ).toBe('worker_5\ndebian\n/usr/sbin/useradd');
  await system.orion('release debian');
  await system.isFree('worker_5');
  await system.orion('uncordon worker_4');
});

test('what the images weigh', async () => {
  const list = await system.run(
    `docker images --format '{{.Repository}} {{.Size}}' --filter reference='orion-*:0.1.0'`,
  );
  console.log(`Images, with the base images that there are here:\n${list}`);
  expect(list.split('\n')).toHaveLength(4);
});
