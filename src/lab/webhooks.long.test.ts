import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { NoticeBody } from '../core/history/notice.ts';
import { REFUSED_WEBHOOKS } from '../core/text/refused-webhooks.fixture.ts';
import { postMessage } from '../notify/post.ts';
import type { Call } from '../notify/receiver.fixture.ts';
import { type CommitRelay, startCommitRelay } from './commit-relay.fixture.ts';
import { type CrashStory, openCrashStory } from './crash-story.fixture.ts';
import { type HttpsReceiver, startHttpsReceiver } from './https-receiver.fixture.ts';
import { openTestLab, type TestLab } from './test-lab.fixture.ts';
import { ensureKeyPair } from './worker.ts';

const BASE_PORT = 28_620;
const RECEIVER_PORT = 28_630;
const WAIT = { timeout: 90_000, interval: 50 };
const WRITES_MESSAGE = /^insert into `?webhook_deliveries\b/i;
const REFUSALS = 5;

let test: TestLab;
let story: CrashStory;
let relay: CommitRelay;
let receiver: HttpsReceiver;
let sshPublicKey: string;
/** Calls that were answered with success. */
const taken: Call[] = [];
/** Calls whose sender was killed before the answer. */
const cutOff: Call[] = [];

beforeAll(async () => {
  receiver = await startHttpsReceiver(RECEIVER_PORT, (call, response) => {
    if (receiver.calls.length <= REFUSALS) return void response.writeHead(500).end();
    if (bodyOf(call).type === 'rental.released' && cutOff.length === 0) {
      // The receiver has the message, and the daemon never learns of it.
      cutOff.push(call);
      process.kill(test.lab.daemonPid('daemon_1') as number, 'SIGKILL');
      return;
    }
    taken.push(call);
    response.writeHead(204).end();
  });
  // As the operator of a lab sets it; the daemon gets this process's environment.
  vi.stubEnv('ORION_WEBHOOK_ALLOW', 'localhost');
  vi.stubEnv('NODE_EXTRA_CA_CERTS', receiver.caPath);
  test = await openTestLab({ basePort: BASE_PORT, nodes: 3, lab: { longestDelayMs: 200 } });
  story = await openCrashStory(test);
  sshPublicKey = await ensureKeyPair(join(test.home, 'keys', 'hooked'), 'hooked');
  relay = await startCommitRelay(join(test.home, 'run', 'database.sock'));
  // The running daemon is still connected to the database directly.
  await test.killDaemon();
}, 180_000);
afterAll(async () => {
  await relay?.close();
  await test?.close();
  await receiver?.close();
  vi.unstubAllEnvs();
});

/**
 * Kills the daemon right when the database has committed the next message, before the daemon can know. Then resolves
 * with the number of calls so far.
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
const takenOf = (id: string) => taken.filter((call) => bodyOf(call).data.id === id);
const typesOf = (id: string) => takenOf(id).map((call) => bodyOf(call).type);
const asTenant = () => ({ token: test.lab.tokens?.tenant as string });

it('tells all of a rental’s life, in order, though the receiver fails and the daemon dies around each message', async () => {
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
  await expect.poll(() => typesOf(id), WAIT).toContain('rental.released');

  const ids = takenOf(id).map(idOf);
  const { items } = (await story.insist('GET', `/api/webhooks/deliveries?rental=${id}`)).body;
  const stored = (items as { id: string; state: string; type: string }[]).toReversed();
  expect(stored.map(({ state }) => state)).toEqual(ids.map(() => 'delivered'));
  expect(ids).toEqual(stored.map((delivery) => delivery.id));
  // On a busy machine the other nodes may not be ready yet. The client is then notified of the loss first.
  const lost = stored.some(({ type }) => type === 'rental.lost') ? ['rental.lost'] : [];
  const expected = ['rental.active', ...lost, 'rental.migrated', 'rental.released'];
  expect(stored.map(({ type }) => type)).toEqual(expected);

  // Every event that a client is notified of has arrived.
  const history = (await story.insist('GET', `/api/events?limit=500&rental=${id}`)).body.items;
  const told = (history as { seq: number; type: string }[]).filter(({ type }) =>
    ['rental.active', 'rental.lost', 'rental.migrated', 'rental.released'].includes(type),
  );
  expect(ids.map((messageId) => Number(messageId.split('_')[1]))).toEqual(told.map(({ seq }) => seq));

  // All tries of one message have its id, and no message overtook the refused one.
  expect(receiver.calls.slice(0, REFUSALS + 1).map(idOf)).toEqual(Array.from({ length: 6 }, () => ids[0]));
  // The message whose answer was lost came again with the same id.
  expect(cutOff.map(idOf)).toEqual([ids.at(-1)]);
  const { body } = await test.call('GET', '/api/webhooks/secret', undefined, asTenant());
  const library = new Webhook(body.secret);
  for (const call of receiver.calls) library.verify(call.body, call.headers as Record<string, string>);

  const migrated = takenOf(id)
    .map(bodyOf)
    .find(({ type }) => type === 'rental.migrated');
  expect(migrated?.data.status.connection).toEqual(moved);
  expect(migrated?.data.previousConnection).toEqual(before);
  expect(moved?.port).not.toBe(before?.port);
  await test.lab.startWorker(node);
}, 240_000);

it('tells that the lease ends ten minutes before, and, since it was renewed, an hour before', async () => {
  const wanted = { sshPublicKey, webhookUrl: receiver.url, ttl: '602s' };
  const { id } = (await story.insist('PUT', '/api/rentals/ending', wanted)).body as { id: string };
  await expect.poll(() => typesOf(id), WAIT).toEqual(['rental.active', 'rental.expiring']);
  expect((await story.insist('PATCH', `/api/rentals/${id}`, { ttl: '3602s' })).status).toBe(200);
  await expect.poll(() => typesOf(id), WAIT).toHaveLength(3);
  const expiring = takenOf(id).map(bodyOf).slice(1);
  expect(expiring.map(({ type }) => type)).toEqual(['rental.expiring', 'rental.expiring']);
  // Never too early. How late depends on the machine.
  for (const [index, longestMs] of [600_000, 3_600_000].entries()) {
    const { timestamp, data } = expiring[index] as NoticeBody;
    const leftMs = Date.parse(data.status.expiresAt ?? '') - Date.parse(timestamp);
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(longestMs);
  }
  await story.release(id);
}, 120_000);

it('refuses each way inside, and a receiver whose certificate nobody vouches for', async () => {
  for (const [what, webhookUrl] of REFUSED_WEBHOOKS) {
    const answer = await test.call('POST', '/api/rentals', { sshPublicKey, webhookUrl });
    expect(answer, what).toMatchObject({ status: 422, body: { errors: [{ path: 'webhookUrl' }] } });
  }
  // This process does not trust the authority.
  const allowed = { networks: [], hosts: ['localhost'], plainHttp: false };
  const options = { allowed, deadlineMs: 60_000, signal: AbortSignal.timeout(60_000), now: new Date() };
  const calls = receiver.calls.length;
  const result = await postMessage({ url: receiver.url, headers: {}, body: '{}' }, options);
  expect(result).toMatchObject({ outcome: 'unreachable', error: expect.stringMatching(/CERT/) });
  expect(receiver.calls).toHaveLength(calls);
});

it('keeps a secret for each tenant', async () => {
  const own = await test.call('GET', '/api/webhooks/secret', undefined, asTenant());
  const others = await test.call('GET', '/api/webhooks/secret');
  expect(own.body.secret).toMatch(/^whsec_/);
  expect(others.body.secret).not.toBe(own.body.secret);
});
