import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { NoticeBody } from '../core/notice.ts';
import { type Call, type Receiver, startReceiver } from '../notify/receiver.fixture.ts';
import { type CommitRelay, startCommitRelay } from './commit-relay.fixture.ts';
import { type CrashStory, openCrashStory } from './crash-story.fixture.ts';
import { openTestLab, type TestLab } from './test-lab.fixture.ts';
import { ensureKeyPair } from './worker.ts';

const WAIT = { timeout: 90_000, interval: 50 };
const WRITES_MESSAGE = /^insert into `?webhook_deliveries\b/i;
const REFUSALS = 5;

let test: TestLab;
let story: CrashStory;
let relay: CommitRelay;
let receiver: Receiver;
/** Calls that were answered with success. */
const taken: Call[] = [];

beforeAll(async () => {
  receiver = await startReceiver((call, response) => {
    const isTaken = receiver.calls.length > REFUSALS;
    if (isTaken) taken.push(call);
    response.writeHead(isTaken ? 204 : 500).end();
  });
  // As the operator of a lab sets it; the daemon gets this process's environment.
  process.env.ORION_WEBHOOK_ALLOW = '127.0.0.0/8, http:';
  test = await openTestLab({ basePort: 28_620, nodes: 3, lab: { longestDelayMs: 200 } });
  story = await openCrashStory(test);
  relay = await startCommitRelay(join(test.home, 'run', 'database.sock'));
  // The one that runs talks to the database directly.
  await killDaemon();
}, 180_000);
afterAll(async () => {
  await relay?.close();
  await test?.close();
  await receiver?.close();
});

async function killDaemon(): Promise<void> {
  const pid = test.lab.daemonPid('daemon_1') as number;
  process.kill(pid, 'SIGKILL');
  await vi.waitUntil(() => test.lab.daemonPid('daemon_1') !== pid, WAIT);
}

/**
 * Kills the daemon right when the database has committed the next message, before the daemon can know. Settles when it
 * did, with the number of calls that there had been.
 */
function killAtNextMessage(): Promise<number> {
  return new Promise((done) => {
    const strike = () => {
      process.kill(test.lab.daemonPid('daemon_1') as number, 'SIGKILL');
      done(receiver.calls.length);
    };
    relay.arm(1, 'when it is done and nobody was told', strike, WRITES_MESSAGE);
  });
}

const bodyOf = ({ body }: Call) => JSON.parse(body) as NoticeBody;
const idOf = ({ headers }: Call) => String(headers['webhook-id']);
const asTenant = () => ({ token: test.lab.tokens?.tenant as string });

it('tells all of a rental’s life, in order, though the receiver fails and the daemon dies after each commit', async () => {
  const sshPublicKey = await ensureKeyPair(join(test.home, 'keys', 'hooked'), 'hooked');
  const firstKill = killAtNextMessage();
  const wanted = { sshPublicKey, webhookUrl: receiver.url };
  const { id } = (await story.insist('PUT', '/api/rentals/hooked', wanted)).body as { id: string };
  // Nothing was sent before the daemon died, so what comes now comes from the outbox.
  expect(await firstKill).toBe(0);
  const node = await story.untilActive(id);
  const before = (await test.rental(id)).status.connection;

  // Meanwhile the first message is being refused, and this one has to wait for it.
  const secondKill = killAtNextMessage();
  await test.lab.stopWorker(node);
  await secondKill;
  await story.untilActive(id, (name) => name !== node);
  const moved = (await test.rental(id)).status.connection;
  await story.release(id);
  await story.untilReleased(id);
  await expect.poll(() => taken.map((call) => bodyOf(call).type), WAIT).toContain('rental.released');

  const ids = [...new Set(taken.map(idOf))];
  const { items } = (await story.insist('GET', `/api/webhooks/deliveries?rental=${id}`)).body;
  const stored = (items as { id: string; state: string; type: string }[]).toReversed();
  expect(stored.map(({ state }) => state)).toEqual(ids.map(() => 'delivered'));
  expect(ids).toEqual(stored.map((delivery) => delivery.id));
  expect(stored.map(({ type }) => type)).toEqual(['rental.active', 'rental.migrated', 'rental.released']);

  // Every entry of the history that a client is told of arrived.
  const history = (await story.insist('GET', `/api/events?limit=500&rental=${id}`)).body.items;
  const told = (history as { seq: number; type: string }[]).filter(({ type }) =>
    ['rental.active', 'rental.lost', 'rental.migrated', 'rental.released'].includes(type),
  );
  expect(ids.map((messageId) => Number(messageId.split('_')[1]))).toEqual(told.map(({ seq }) => seq));

  // All tries of one message have its id, and nothing went ahead of the one that was refused.
  expect(receiver.calls.slice(0, REFUSALS + 1).map(idOf)).toEqual(Array.from({ length: 6 }, () => ids[0]));
  const { body } = await test.call('GET', '/api/webhooks/secret', undefined, asTenant());
  const library = new Webhook(body.secret);
  for (const call of receiver.calls) library.verify(call.body, call.headers as Record<string, string>);

  const migrated = taken.map(bodyOf).find(({ type }) => type === 'rental.migrated');
  expect(migrated?.data.status.connection).toEqual(moved);
  expect(migrated?.data.previousConnection).toEqual(before);
  expect(moved?.port).not.toBe(before?.port);
}, 240_000);

it('refuses what the operator did not allow, and a secret is a tenant’s own', async () => {
  const answer = await test.call('POST', '/api/rent', { webhookUrl: 'https://10.0.0.1/' });
  expect(answer).toMatchObject({ status: 422, body: { errors: [{ path: 'webhookUrl' }] } });
  const own = await test.call('GET', '/api/webhooks/secret', undefined, asTenant());
  const others = await test.call('GET', '/api/webhooks/secret');
  expect(own.body.secret).toMatch(/^whsec_/);
  expect(others.body.secret).not.toBe(own.body.secret);
});
