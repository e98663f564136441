import { expect, test } from 'vitest';
import { NOTHING_ALLOWED } from '../core/text/webhook-url.ts';
import { createOutbox } from './outbox.fixture.ts';
import type { PostResult } from './post.ts';
import { createSender } from './sender.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The sender polls once a second. */
const LATEST_MS = 1_000;
const start = new Date('2026-01-01T00:00:00Z').getTime();

interface Try {
  url: string;
  atMs: number;
}

/** Runs a sender for days, with its messages answered by `answer`. The clock jumps to whatever is due next. */
async function runFor(
  lengthMs: number,
  outbox: ReturnType<typeof createOutbox>,
  answer: (tried: Try, count: number) => PostResult,
  random: () => number = () => 0.5,
): Promise<Try[]> {
  let atMs = 0;
  let due: (() => void) | null = null;
  const tries: Try[] = [];
  const silent = () => undefined;
  const sender = createSender({
    store: outbox,
    random,
    secretOf: () => 'whsec_AAAA',
    allowed: NOTHING_ALLOWED,
    userAgent: 'Orion',
    clock: {
      now: () => new Date(start + atMs),
      monotonicMs: () => atMs,
      after(delayMs, callback) {
        due = () => {
          atMs += delayMs;
          callback();
        };
        return () => {
          due = null;
        };
      },
    },
    logger: { debug: silent, info: silent, warn: silent, error: silent },
    metrics: { webhookAttempted: silent },
    post: async ({ url }) => {
      const tried = { url, atMs };
      tries.push(tried);
      return answer(tried, tries.filter((each) => each.url === url).length);
    },
  });
  const stop = new AbortController();
  const leadership = { token: 1, holder: 'one' } as unknown as Parameters<typeof sender.run>[0]['leadership'];
  const ended = sender.run({ leadership, signal: stop.signal, mayAct: () => true });
  while (atMs < lengthMs) {
    // Everything that takes no time happens before the clock moves.
    await new Promise((done) => setImmediate(done));
    const next = due as (() => void) | null;
    next?.();
  }
  stop.abort();
  await ended;
  return tries;
}

const refuse = (set: Partial<PostResult & { kind: 'failed' }> = {}): PostResult => ({
  kind: 'failed',
  outcome: 'refused',
  error: 'it answered 500',
  retryAfterMs: 0,
  isFinal: false,
  ...set,
});
const pausesOf = (tries: Try[]) => tries.slice(1).map(({ atMs }, index) => atMs - (tries[index] as Try).atMs);

test.each([0, 0.5, 1])(
  'a message is tried for a day, at ever longer pauses up to an hour (spread %d)',
  async (spread) => {
    const outbox = createOutbox();
    const message = outbox.add('r_a', new Date(start));
    const tries = await runFor(
      DAY_MS + 3 * HOUR_MS,
      outbox,
      () => refuse(),
      () => spread,
    );
    for (const [index, pauseMs] of pausesOf(tries).entries()) {
      const expectedMs = Math.round(Math.min(1_000 * 2 ** index, HOUR_MS) * (0.8 + 0.4 * spread));
      expect(pauseMs).toBeGreaterThanOrEqual(expectedMs);
      expect(pauseMs).toBeLessThan(expectedMs + LATEST_MS);
    }
    const [last, before] = [tries.at(-1) as Try, tries.at(-2) as Try];
    expect(before.atMs).toBeLessThan(DAY_MS);
    expect(last.atMs).toBeGreaterThanOrEqual(DAY_MS);
    expect(message.end).toEqual({
      kind: 'dead',
      error: 'it answered 500',
      at: new Date(start + last.atMs),
    });
  },
  60_000,
);

test('those that failed together do not come back together', async () => {
  const outbox = createOutbox();
  for (const name of ['r_a', 'r_b']) outbox.add(name, new Date(start));
  let calls = 0;
  const tries = await runFor(
    HOUR_MS,
    outbox,
    () => refuse(),
    () => (calls++ % 2) * 0.9,
  );
  const timesOf = (name: string) => tries.filter(({ url }) => url.includes(name)).map(({ atMs }) => atMs);
  expect(
    timesOf('//a')
      .slice(4)
      .filter((atMs) => timesOf('//b').includes(atMs)),
  ).toEqual([]);
});

test('Retry-After is waited for where it is longer than the pause', async () => {
  const outbox = createOutbox();
  outbox.add('r_a', new Date(start));
  const asked = [0, 600_000, 0, 1];
  const tries = await runFor(HOUR_MS, outbox, (_tried, count) =>
    refuse({ retryAfterMs: asked[count - 1] ?? 0 }),
  );
  const pauses = pausesOf(tries).slice(0, 4);
  expect(pauses.map((ms) => Math.floor(ms / 1_000))).toEqual([1, 600, 4, 8]);
});

test('the next message of a rental waits for the one before, and others do not', async () => {
  const outbox = createOutbox();
  for (const name of ['r_a', 'r_a', 'r_b', 'r_b']) outbox.add(name, new Date(start));
  const answer = ({ url }: Try, count: number): PostResult =>
    url.includes('//a') && count <= 5 ? refuse() : { kind: 'delivered' };
  const tries = await runFor(HOUR_MS, outbox, answer);
  expect(tries.filter(({ url }) => url.includes('//b')).map(({ atMs }) => atMs)).toEqual([0, 0]);
  const first = tries.filter(({ url }) => url.includes('//a'));
  expect(first).toHaveLength(7);
  expect(first.at(-1)?.atMs).toBe(first.at(-2)?.atMs);
  expect(outbox.messages.map(({ attempts }) => attempts)).toEqual([6, 1, 1, 1]);
});

test('410 ends a message at once, and the next one is tried on its own', async () => {
  const outbox = createOutbox();
  const messages = [outbox.add('r_a', new Date(start)), outbox.add('r_a', new Date(start))];
  const tries = await runFor(HOUR_MS, outbox, () => refuse({ error: 'it answered 410', isFinal: true }));
  expect(tries).toHaveLength(2);
  expect(messages.map(({ end }) => end?.kind)).toEqual(['dead', 'dead']);
});
