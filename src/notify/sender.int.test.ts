import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, test } from 'vitest';
import type { NoticeBody, NoticeType } from '../core/history/notice.ts';
import type { SenderTerm } from '../core/ports/deliveries.ts';
import type { AttemptOutcome } from '../core/ports/delivery.ts';
import { event, newRental, rentalSpec } from '../store/contract/samples.fixture.ts';
import { useStore } from '../store/store.fixture.ts';
import { postMessage } from './post.ts';
import { type Receiver, startReceiver } from './receiver.fixture.ts';
import { createSender } from './sender.ts';

const bench = useStore();
const HOUR_MS = 3_600_000;
/** Long enough for a busy machine. */
const WAIT = { timeout: 30_000, interval: 20 };
const open: { close(): Promise<void> }[] = [];
let aheadMs = 0;
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
  aheadMs = 0;
});

const clock = {
  now: () => new Date(Date.now() + aheadMs),
  monotonicMs: () => performance.now(),
  after: (delayMs: number, callback: () => void) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
const secretOf = (tenant: string, version: number) =>
  `whsec_${Buffer.from(`${tenant}-${version}`.padEnd(32)).toString('base64')}`;

async function receive(...args: Parameters<typeof startReceiver>): Promise<Receiver> {
  const receiver = await startReceiver(...args);
  open.push(receiver);
  return receiver;
}

async function make(id: string, webhookUrl: string, tenant = 't'): Promise<void> {
  const rental = newRental(id, { tenant, spec: { ...rentalSpec, webhookUrl } });
  await bench.store.createRental(rental, event({ type: 'rental.created', rentalId: id, tenant }));
}

async function tell(rentalId: string, types: NoticeType[], tenant = 't'): Promise<void> {
  const events = types.map((type) =>
    event({
      type,
      rentalId,
      tenant,
      at: clock.now(),
      notice: {
        type,
        url: 'https://not-used.example/',
        body: () => ({ type, rentalId }) as unknown as NoticeBody,
      },
    }),
  );
  expect((await bench.store.save(bench.leader, { events })).kind).toBe('saved');
}

interface Running {
  outcomes: AttemptOutcome[];
  wake(): void;
  stop(): Promise<void>;
}

function send(term: Partial<SenderTerm> = {}): Running {
  const stopped = new AbortController();
  const outcomes: AttemptOutcome[] = [];
  const silent = () => undefined;
  const sender = createSender({
    store: bench.store,
    post: postMessage,
    secretOf,
    clock,
    random: () => 0.5,
    userAgent: 'Orion/test',
    allowed: { networks: [], hosts: ['127.0.0.1'], plainHttp: true },
    logger: { debug: silent, info: silent, warn: silent, error: silent },
    metrics: { webhookAttempted: (outcome) => void outcomes.push(outcome) },
  });
  const { signal } = stopped;
  const ended = sender.run({ leadership: bench.leader, signal, mayAct: () => true, ...term });
  const stop = async () => {
    stopped.abort();
    await ended;
  };
  open.unshift({ close: stop });
  return { outcomes, wake: sender.wake, stop };
}

const list = async () =>
  (
    await bench.store.listDeliveries(null, { state: null, rentalId: null }, { limit: 500, cursor: null })
  ).items.toReversed();
const states = async () => (await list()).map(({ state }) => state);
const typesOf = ({ calls }: Receiver) => calls.map(({ body }) => (JSON.parse(body) as NoticeBody).type);

describe('the messages of a rental', () => {
  test('come in order, signed, the first after five refusals with ever longer pauses', async () => {
    let refusals = 5;
    const receiver = await receive((_call, response) => {
      response.writeHead(refusals-- > 0 ? 500 : 204).end();
    });
    await make('r_1', receiver.url);
    await tell('r_1', ['rental.active', 'rental.lost', 'rental.migrated']);
    const sender = send();
    for (const [index, delayMs] of [1_000, 2_000, 4_000, 8_000, 16_000].entries()) {
      // Reported after the end of an attempt was written.
      await expect.poll(() => sender.outcomes.length, WAIT).toBe(index + 1);
      expect((await list())[0]).toMatchObject({ attempts: index + 1, lastError: 'it answered 500' });
      const leftMs = Number((await list())[0]?.nextAttemptAt) - clock.now().getTime();
      expect(leftMs).toBeLessThanOrEqual(delayMs);
      expect(receiver.calls).toHaveLength(index + 1);
      aheadMs += delayMs;
      sender.wake();
    }
    await expect.poll(states, WAIT).toEqual(['delivered', 'delivered', 'delivered']);
    const first = Array.from({ length: 6 }, () => 'rental.active');
    expect(typesOf(receiver)).toEqual([...first, 'rental.lost', 'rental.migrated']);
    const ids = receiver.calls.map(({ headers }) => headers['webhook-id']);
    const stored = (await list()).map(({ messageId }) => messageId);
    expect(ids).toEqual([...first.map(() => stored[0]), stored[1], stored[2]]);
    const library = new Webhook(secretOf('t', 1));
    for (const { body, headers } of receiver.calls) library.verify(body, headers as Record<string, string>);
    expect(sender.outcomes.filter((outcome) => outcome === 'refused')).toHaveLength(5);
  });

  test('are given up after a day, not before the fifth try, and the next one has its turn', async () => {
    let status = 500;
    const receiver = await receive((_call, response) => void response.writeHead(status).end());
    await make('r_1', receiver.url);
    await tell('r_1', ['rental.active', 'rental.released']);
    aheadMs += 25 * HOUR_MS;
    const sender = send();
    for (let tries = 1; tries < 5; tries++) {
      await expect.poll(() => sender.outcomes.length, WAIT).toBe(tries);
      expect((await list())[0]).toMatchObject({ state: 'pending', attempts: tries });
      aheadMs += HOUR_MS;
      status = tries === 4 ? 503 : 500;
      sender.wake();
    }
    await expect.poll(async () => (await list())[0]?.state, WAIT).toBe('dead');
    status = 204;
    aheadMs += HOUR_MS;
    sender.wake();
    await expect.poll(states, WAIT).toEqual(['dead', 'delivered']);
    expect((await list())[0]).toMatchObject({
      attempts: 5,
      lastError: 'it answered 503',
      nextAttemptAt: null,
    });
  });

  test('end at once where the receiver is gone for good, or the client wants none any more', async () => {
    const receiver = await receive((_call, response) => void response.writeHead(410).end());
    await make('r_1', receiver.url);
    await make('r_2', receiver.url);
    const changed = event({ type: 'rental.updated', rentalId: 'r_2', tenant: 't' });
    await tell('r_2', ['rental.active']);
    await bench.store.updateRentalSpec('r_2', 1, rentalSpec, { renewedAt: null, event: changed });
    await tell('r_1', ['rental.active']);
    send();
    await expect.poll(states, WAIT).toEqual(['dead', 'dead']);
    expect((await list()).map(({ lastError }) => lastError)).toEqual([
      'the rental has no webhook any more',
      'it answered 410',
    ]);
    expect(receiver.calls).toHaveLength(1);
  });

  test('are signed with both secrets after a rotation', async () => {
    const receiver = await receive();
    await make('r_1', receiver.url);
    await bench.store.rotateSecret('t', clock.now(), event({ type: 'webhook.secret_rotated', tenant: 't' }));
    await tell('r_1', ['rental.active']);
    send();
    await expect.poll(states, WAIT).toEqual(['delivered']);
    const [{ body = '', headers = {} } = {}] = receiver.calls;
    for (const version of [1, 2]) {
      new Webhook(secretOf('t', version)).verify(body, headers as Record<string, string>);
    }
  });
});

test('a receiver that takes all its time delays nobody else, of its own tenant or of others', async () => {
  const hanging = await receive(() => undefined);
  const quick = await receive();
  for (let index = 0; index < 40; index++) {
    await make(`r_slow${index}`, hanging.url);
    await tell(`r_slow${index}`, ['rental.active']);
  }
  await make('r_own', quick.url);
  await make('r_other', quick.url, 'other');
  await tell('r_own', ['rental.active']);
  await tell('r_other', ['rental.active'], 'other');
  const sender = send();
  await expect.poll(() => quick.calls.length, WAIT).toBe(2);
  expect(sender.outcomes.filter((outcome) => outcome !== 'delivered')).toEqual([]);
  expect(hanging.calls.length).toBeLessThanOrEqual(4);
});

test('a daemon that ends in the middle leaves the message to the next one', async () => {
  const receiver = await receive((_call, response) => {
    if (receiver.calls.length > 1) response.writeHead(204).end();
  });
  await make('r_1', receiver.url);
  await tell('r_1', ['rental.active']);
  const first = send();
  await expect.poll(() => receiver.calls.length, WAIT).toBe(1);
  await first.stop();
  expect(await list()).toMatchObject([{ state: 'pending', attempts: 1 }]);
  send();
  await expect.poll(states, WAIT).toEqual(['delivered']);
  expect(new Set(receiver.calls.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
});

test('who does not lead any more sends nothing, and does not try without a pause', async () => {
  const receiver = await receive();
  await make('r_1', receiver.url);
  await tell('r_1', ['rental.active']);
  /** How often it asks whether it may act, until its third poll. `mayAct` is the answer each time. */
  const tries = async (mayAct: boolean) => {
    let asked = 0;
    const sender = send({ mayAct: () => asked++ >= 0 && mayAct });
    await expect.poll(() => asked, WAIT).toBeGreaterThan(2);
    await sender.stop();
    return asked;
  };
  expect(await tries(false)).toBe(3);
  await bench.store.release(bench.leader);
  const successor = await bench.store.acquire({ holder: 'second', durationMs: 60_000 });
  // It believes that it leads, but the fence refuses it.
  expect(await tries(true)).toBe(3);
  expect(receiver.calls).toEqual([]);
  send({ leadership: successor as NonNullable<typeof successor> });
  await expect.poll(() => receiver.calls.length, WAIT).toBe(1);
});
