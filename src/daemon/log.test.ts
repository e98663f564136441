import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createMonitor } from '../api/monitor.ts';
import { createPlayedStore } from '../api/played-store.fixture.ts';
import type { AlarmClock } from '../core/ports/clock.ts';
import type { Metrics } from '../core/ports/metrics.ts';
import type { Context } from '../reconcile/context.ts';
import { createDue } from '../reconcile/due.ts';
import { createLoop } from '../reconcile/loop.ts';
import { createLogger, logScope } from './log.ts';
import { createMetrics } from './metrics.ts';

/** A stream that keeps what is written, posing as a file or as a terminal. */
function createOut(isTTY: boolean) {
  const out = Object.assign(new PassThrough(), { isTTY });
  const read = () => String(out.read() ?? '');
  const lines = () =>
    read()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  return { out, read, lines };
}

const anything = expect.any(Number);

test.each([
  ['auto', true, 'human'],
  ['auto', false, 'json'],
  ['human', false, 'human'],
  ['json', true, 'json'],
] as const)('%s, on a terminal: %s, is %s', (format, isTTY, expected) => {
  const { out, read } = createOut(isTTY);
  createLogger({ level: 'info', format }, out).info({ node: 'w1' }, 'work ended');
  const text = read();
  if (expected === 'json')
    expect(JSON.parse(text)).toEqual({ level: 30, time: anything, node: 'w1', msg: 'work ended' });
  else expect(text).toMatch(/^\[.*\d\d:\d\d:\d\d\.\d{3}.*INFO.*work ended.*"node":"w1".*\n$/);
});

test('scopes lie within each other, hold over waits, and leave nothing behind', async () => {
  const { out, lines } = createOut(false);
  const logger = createLogger({ level: 'info', format: 'json' }, out);
  const work = async (name: string) => {
    logger.info({ name, only: name }, 'before');
    await setImmediate();
    logger.info({ name }, 'after');
    logScope({ inner: name }, () => logger.info({ name }, 'inside'));
    logScope(null, () => logger.info({ name }, 'outside'));
  };
  await Promise.all(['a', 'b'].map((name) => logScope({ id: name }, () => work(name))));
  logger.info({}, 'done');
  const told = lines().map(({ level, time, ...fields }) => fields);
  expect(told.filter(({ name }) => name === 'b')).toEqual([
    { id: 'b', name: 'b', only: 'b', msg: 'before' },
    { id: 'b', name: 'b', msg: 'after' },
    { id: 'b', inner: 'b', name: 'b', msg: 'inside' },
    { name: 'b', msg: 'outside' },
  ]);
  expect(told.at(-1)).toEqual({ msg: 'done' });
});

test('each line about a request has its id, also those that others log for it', async () => {
  const { out, lines } = createOut(false);
  const logger = createLogger({ level: 'debug', format: 'json' }, out);
  const store = createPlayedStore(() => new Date());
  store.failure = new Error('away');
  const app = createMonitor({
    store,
    logger,
    logScope,
    version: '0',
    metrics: createMetrics({ store, logger }),
    isShuttingDown: () => false,
  });
  const ids = ['request-1', 'request-2'];
  await Promise.all(ids.map((id) => app.request('/metrics', { headers: { 'X-Request-Id': id } })));
  const told = lines().map(({ requestId, msg }) => `${requestId} ${msg}`);
  expect(told.toSorted()).toEqual(
    ids.flatMap((id) => [`${id} request`, `${id} the figures of the fleet could not be read`]),
  );
});

test('each line about a pass has its id, which no other pass has', async () => {
  const { out, lines } = createOut(false);
  const logger = createLogger({ level: 'info', format: 'json' }, out);
  const stop = new AbortController();
  const failing = async () => {
    await setImmediate();
    logger.info({}, 'looking');
    throw new Error('away');
  };
  let turns = 0;
  const clock = {
    now: () => new Date(),
    monotonicMs: () => 0,
    after(_ms, callback) {
      const timer = setTimeout(callback, 0);
      return () => clearTimeout(timer);
    },
  } satisfies AlarmClock;
  const parts = {
    clock,
    logger,
    leadership: { token: 7 },
    metrics: { passEnded: () => undefined } as unknown as Metrics,
    fleet: { reload: failing },
    store: {},
    watcher: {},
    policy: () => ({}),
  } as unknown as Context;
  const onTurn = () => {
    turns++;
    if (turns === 2) stop.abort();
  };
  const due = createDue(() => undefined);
  await createLoop((more) => ({ ...parts, ...more }), due, { onTurn, logScope }).run(stop.signal);
  expect(lines().map(({ pass, msg }) => `${pass} ${msg}`)).toEqual(
    ['7-1', '7-2'].flatMap((pass) => [`${pass} looking`, `${pass} pass failed; reading everything again`]),
  );
});
