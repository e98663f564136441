import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execaSync } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Answer, type FakeApi, fakeRental, runOrion, startFakeApi } from './fake-api.fixture.ts';

let api: FakeApi | null = null;
let sshd: Server;
let folder = '';

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'orion-ssh-test-'));
  sshd = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end('SSH-2.0-Fake\r\n');
  });
  await new Promise<void>((done) => sshd.listen(0, '127.0.0.1', done));
});

afterEach(async () => {
  await api?.close();
  api = null;
  await new Promise((done) => sshd.close(done));
  rmSync(folder, { recursive: true });
});

async function ssh(argv: string[], answer: Answer, more?: Parameters<typeof runOrion>[2]) {
  api = await startFakeApi(answer);
  return runOrion(
    ['ssh', 'quick-fox', ...argv],
    { ORION_URL: api.url, ORION_TOKEN: 't', XDG_STATE_HOME: folder },
    more,
  );
}

/** Active on that node. Whether anything answers there depends on the port. */
function rentalOn(node: string, port: number) {
  const rental = fakeRental({ node });
  const connection = rental.status.connection as NonNullable<typeof rental.status.connection>;
  return { ...rental, status: { ...rental.status, connection: { ...connection, port } } };
}
const openPort = () => (sshd.address() as AddressInfo).port;
/** A reserved port: nobody listens there. */
const CLOSED_PORT = 1;

test('goes to where the rental is, checks the host key, and passes the exit code on', async () => {
  let knownHosts = '';
  let knownHostsPath = '';
  const ran = await ssh(
    ['-i', '/my/key', '--', 'ls', '-l', '/'],
    ({ line }) =>
      line.endsWith('(watch)')
        ? {
            stream: [
              { event: 'rental', data: fakeRental({ phase: 'Migrating' }) },
              { event: 'rental', data: rentalOn('worker_2', openPort()) },
            ],
          }
        : { body: fakeRental({ phase: 'Migrating' }) },
    {
      runProgram: async (_, args) => {
        const option = args.find((arg) => arg.startsWith('UserKnownHostsFile='));
        knownHostsPath = option?.split('"')[1] ?? '';
        knownHosts = readFileSync(knownHostsPath, 'utf8');
        return 7;
      },
    },
  );
  expect(ran.code).toBe(7);
  expect(knownHosts).toBe(`[127.0.0.1]:${openPort()} ssh-ed25519 AAAAhost\n`);
  expect(existsSync(knownHostsPath)).toBe(false);
  const [{ file, args } = { file: '', args: [] }] = ran.programs;
  expect(file).toBe('ssh');
  expect(args).toContain('StrictHostKeyChecking=yes');
  const destination = ['--', 'r7f3k2a9@127.0.0.1', 'ls', '-l', '/'];
  expect(args.slice(args.indexOf('-i'))).toEqual(['-i', '/my/key', ...destination]);
});

test('a machine that has just died, and is called Active still, is not logged in to: the next one is', async () => {
  const ran = await ssh([], ({ count }) => ({
    body: count === 1 ? rentalOn('worker_1', CLOSED_PORT) : rentalOn('worker_2', openPort()),
  }));
  expect(ran.err).toBe('quick-fox: worker_1 does not answer; waiting until it does, or quick-fox is moved\n');
  expect(ran.programs).toHaveLength(1);
  expect(ran.programs[0]?.args.slice(0, 2)).toEqual(['-p', String(openPort())]);
  expect(ran.code).toBe(0);
});

test('one that never answers ends with 3, and says what to look at', async () => {
  const ran = await ssh(['--timeout', '50ms'], () => ({ body: rentalOn('worker_1', CLOSED_PORT) }));
  expect(ran).toMatchObject({ code: 3, programs: [] });
  expect(ran.err).toContain('error: worker_1 (127.0.0.1:1) did not answer within');
  expect(ran.err).toContain('orion explain quick-fox');
});

test('a session that broke off is told where it can go on', async () => {
  const ran = await ssh(
    [],
    ({ line }) => ({ body: rentalOn(line.endsWith('r_abc') ? 'worker_2' : 'worker_1', openPort()) }),
    { runProgram: async () => 255 },
  );
  expect(ran.code).toBe(255);
  expect(ran.err).toBe('quick-fox is on worker_2 now; log in there with  orion ssh quick-fox\n');
});

/** A person at a terminal. */
const PERSON = {
  terminal: () => ({ columns: 100, rows: 30 }),
  input: { isTerminal: true, readAll: async () => '', ask: async () => '' },
};
const codes = (list: number[]) => ({ runProgram: async () => list.shift() ?? 0 });

/** It was on worker_1, which died, and is on worker_2. */
function movedRental() {
  const rental = rentalOn('worker_2', openPort());
  const unset = { startedAt: '2026-01-01T11:00:00Z', cleanedAt: null, cleaning: null };
  const readyAt = unset.startedAt;
  const old = { epoch: 3, node: 'worker_1', readyAt, endedAt: '2026-01-01T11:58:00Z', endReason: 'NodeDead' };
  const now = { epoch: 7, node: 'worker_2', readyAt, endedAt: null, endReason: null };
  return {
    ...rental,
    status: { ...rental.status, placements: [old, now].map((each) => ({ ...unset, ...each })) },
  };
}

test('a shell on a terminal goes on where the rental is when its machine dies, and says what is not there', async () => {
  const ran = await ssh(
    [],
    ({ line }) => ({ body: line.endsWith('r_abc') ? movedRental() : rentalOn('worker_1', openPort()) }),
    { ...PERSON, ...codes([255, 7]) },
  );
  expect(ran.err).toBe(
    'the connection to worker_1 was lost; waiting for quick-fox (Ctrl-C stops that)\n' +
      'logging in to worker_2\n' +
      'quick-fox was moved from worker_1, which died, to worker_2 2m ago; its processes and files are not here\n',
  );
  expect(ran).toMatchObject({ code: 7, programs: { length: 2 } });
});

test.each([
  ['--no-reconnect', PERSON],
  ['no terminal', {}],
])('but not with %s', async (how, who) => {
  const ran = await ssh(
    how.startsWith('--') ? [how] : [],
    ({ line }) => ({ body: line.endsWith('r_abc') ? movedRental() : rentalOn('worker_1', openPort()) }),
    { ...who, ...codes([255]) },
  );
  expect(ran).toMatchObject({ code: 255, programs: { length: 1 } });
  expect(ran.err).toBe('quick-fox is on worker_2 now; log in there with  orion ssh quick-fox\n');
});

test('a login that is refused by a machine that is well is not tried again', async () => {
  const ran = await ssh([], () => ({ body: rentalOn('worker_1', openPort()) }), {
    ...PERSON,
    ...codes([255]),
  });
  expect(ran).toMatchObject({ code: 255, err: '', programs: { length: 1 } });
});

/** The machine accepts each login. The real ssh reports this by running the command of `LocalCommand`. */
const taken = (list: number[]) => ({
  runProgram: async (_: string, args: string[]) => {
    const command = args.find((arg) => arg.startsWith('LocalCommand='));
    if (command) execaSync('sh', ['-c', command.slice('LocalCommand='.length)]);
    return list.shift() ?? 0;
  },
});

test('a short shell goes on, too, when its machine is back before anybody asks', async () => {
  const ran = await ssh([], () => ({ body: rentalOn('worker_1', openPort()) }), {
    ...PERSON,
    ...taken([255, 7]),
  });
  expect(ran.err).toBe(
    'the connection to worker_1 was lost; waiting for quick-fox (Ctrl-C stops that)\nlogging in to worker_1\n',
  );
  expect(ran).toMatchObject({ code: 7, programs: { length: 2 } });
});

test('an account that ends each shell at once is logged in to twice, and not for ever', async () => {
  const ran = await ssh([], () => ({ body: rentalOn('worker_1', openPort()) }), {
    ...PERSON,
    ...taken(Array.from({ length: 9 }, () => 255)),
  });
  expect(ran).toMatchObject({ code: 255, programs: { length: 2 } });
});

test('a command that was cut off is never run twice, and says so', async () => {
  const answer: Answer = ({ line }) => ({
    body: line.endsWith('r_abc') ? movedRental() : rentalOn('worker_1', openPort()),
  });
  const ran = await ssh(['--reconnect', '--', 'make'], answer, { ...PERSON, ...codes([255]) });
  expect(ran).toMatchObject({ code: 255, programs: { length: 1 } });
  expect(ran.err).toBe(
    'the connection to worker_1 was lost while the command ran; it is not run again\n' +
      'quick-fox is on worker_2 now; log in there with  orion ssh quick-fox\n',
  );
});

test('where nothing else is known, 255 may be the code of the command', async () => {
  const ran = await ssh(['--', 'make'], () => ({ body: rentalOn('worker_1', openPort()) }), codes([255]));
  expect(ran.err).toBe(
    "255: the connection to worker_1 was lost, or it is the command's own exit code; it is not run again\n",
  );
});

test('the first login after a restart is told of it, the next one is not', async () => {
  const rental = movedRental();
  let restart: typeof rental.status.restart = null;
  api = await startFakeApi(() => ({ body: { ...rental, status: { ...rental.status, restart } } }));
  const env = { ORION_URL: api.url, ORION_TOKEN: 't', XDG_STATE_HOME: folder };
  const logIn = async () => (await runOrion(['ssh', 'quick-fox'], env)).err;
  expect(await logIn()).toContain('was moved from worker_1');
  expect(await logIn()).toBe('');
  restart = { at: '2026-01-01T11:58:00Z', silentSince: '2026-01-01T11:57:50Z' };
  expect(await logIn()).toBe('worker_2 was restarted 2m ago: what ran there is gone\n');
  expect(await logIn()).toBe('');
});

test('a rental that has ended is not waited for', async () => {
  const ran = await ssh([], () => ({ body: fakeRental({ phase: 'Released', connection: null }) }));
  expect(ran).toMatchObject({ code: 1, programs: [] });
  expect(ran.err).toContain('rental quick-fox is Released');
});

const expired = (phase: 'Releasing' | 'Released') => {
  const condition = { type: 'Ready', status: 'False' as const, reason: 'Expired' as const };
  const conditions = [{ ...condition, message: 'over', lastTransitionTime: '2026-01-01T12:00:00Z' }];
  return fakeRental({ phase, connection: null, conditions });
};

test('a session that broke off because the lease ended is told so, and not to wait', async () => {
  const ran = await ssh(
    [],
    ({ line }) => ({
      body: line.endsWith('r_abc') ? expired('Releasing') : rentalOn('worker_1', openPort()),
    }),
    { runProgram: async () => 255 },
  );
  expect(ran.err).toBe(
    'quick-fox is Releasing: its lease is over; what became of it: orion describe rental r_abc\n',
  );
});

test('one that is just being released says why it is not waited for', async () => {
  const ran = await ssh([], () => ({ body: expired('Releasing') }));
  expect(ran).toMatchObject({ code: 1, programs: [] });
  expect(ran.err).toBe(
    'error: rental quick-fox is Releasing: its lease is over\nhint: what became of it: orion describe rental r_abc\n',
  );
});
