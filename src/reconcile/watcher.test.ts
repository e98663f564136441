import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isTrusted } from '../core/health/health.ts';
import { DEFAULT_POLICY } from '../core/model/policy.ts';
import type { ProbeResult } from '../core/model/probe.ts';
import { anInspection } from '../core/node/drift.fixture.ts';
import type { AlarmClock } from '../core/ports/clock.ts';
import type { Logger } from '../core/ports/log.ts';
import type { Metrics } from '../core/ports/metrics.ts';
import type { Prober } from '../core/ports/node-access.ts';
import { aNode, KEY } from '../core/rows.fixture.ts';
import { createWatcher, type Watcher } from './watcher.ts';

const MINUTE = 60_000;
const INTERVAL = 10 * MINUTE;
const alive: ProbeResult = { ok: true, hostKey: KEY, latencyMs: 1 };
const refused: ProbeResult = {
  ok: false,
  reason: 'ConnectionRefused',
  message: 'refused',
  evidence: 'strong',
  offeredHostKey: null,
  offeredFingerprint: null,
};
const clock: AlarmClock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** The node's answer to a probe, and the probes that it got. */
let answer: (depth: 'held' | 'fresh') => Promise<ProbeResult>;
let asked: { depth: 'held' | 'fresh'; atMs: number }[];
let warned: unknown[];
let changed: string[];
let ownFaults: string[];
let watcher: Watcher;

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  warned = [];
  changed = [];
  ownFaults = [];
  answer = async (depth) => (depth === 'fresh' ? { ...alive, inspection: anInspection() } : alive);
  const prober: Prober = {
    probe: (_target, { depth }) => {
      asked.push({ depth, atMs: performance.now() });
      return answer(depth);
    },
    onDropped: () => undefined,
    forget: () => undefined,
    close: async () => undefined,
  };
  const silent = () => undefined;
  const logger: Logger = {
    debug: silent,
    info: silent,
    error: silent,
    warn: (fields) => warned.push(fields),
  };
  watcher = createWatcher({
    prober,
    clock,
    random: () => 0.5,
    logger,
    policy: () => DEFAULT_POLICY.probe,
    metrics: { probed: silent } as unknown as Metrics,
    inspectIntervalMs: INTERVAL,
    onChange: (node) => changed.push(node),
    onOwnFault: (message) => ownFaults.push(message),
  });
});
afterEach(async () => {
  await watcher.stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const freshTimes = () => asked.filter(({ depth }) => depth === 'fresh').map(({ atMs }) => atMs);
const seen = () => watcher.inspection('a').latest;

it('tells who filled a listener, calls nobody dead for it, and looks at the files at once', async () => {
  watcher.follow([aNode('a')]);
  await vi.advanceTimersByTimeAsync(MINUTE);
  expect(watcher.fill('a')).toBeNull();
  const inspections = freshTimes().length;
  const filled = { uid: 20_000, connections: 97 };
  answer = async (depth) => (depth === 'held' ? { ...alive, filled } : alive);
  changed = [];
  watcher.probeSoon('a');
  await vi.advanceTimersByTimeAsync(0);
  answer = async () => alive;
  expect(changed).toContain('a');
  expect(watcher.fill('a')).toMatchObject(filled);
  expect(watcher.health('a')).toMatchObject({ verdict: 'alive', failures: 0 });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(freshTimes().length).toBe(inspections + 1);
});

describe('a fault of the control plane', () => {
  const own = (reason: 'ControlPlaneFault' | 'ConnectionRefused') => ({
    ok: false as const,
    reason,
    message: 'connect EMFILE',
    evidence: 'weak' as const,
    offeredHostKey: null,
    offeredFingerprint: null,
  });

  it('is no result of a probe: the verdict stands, nothing relies on it, and it is tried again soon', async () => {
    watcher.follow([aNode('a')]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(isTrusted(watcher.health('a'))).toBe(true);
    watcher.takeChecked();
    answer = async () => own('ControlPlaneFault');
    await vi.advanceTimersByTimeAsync(10 * 60_000);
    expect(watcher.health('a')).toMatchObject({ verdict: 'alive', failures: 0, isUnlooked: true });
    expect(isTrusted(watcher.health('a'))).toBe(false);
    expect(ownFaults.length).toBeGreaterThan(60);
    expect(watcher.takeChecked()).toEqual([]);
    answer = async () => alive;
    await vi.advanceTimersByTimeAsync(6_000);
    expect(isTrusted(watcher.health('a'))).toBe(true);
  });

  it('keeps a failing node failing, and a dead one dead', async () => {
    watcher.follow([aNode('a')]);
    answer = async () => own('ConnectionRefused');
    await vi.advanceTimersByTimeAsync(120_000);
    const { verdict, failures } = watcher.health('a');
    expect(verdict).toBe('dead');
    answer = async () => own('ControlPlaneFault');
    await vi.advanceTimersByTimeAsync(120_000);
    expect(watcher.health('a')).toMatchObject({ verdict, reason: 'ConnectionRefused' });
    expect(watcher.health('a').failures - failures).toBeLessThanOrEqual(1);
  });
});

describe('inspections', () => {
  it('come soon after a leader first saw a node alive, then every interval, beside the held probes', async () => {
    watcher.follow([aNode('a')]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked.map(({ depth }) => depth)).toEqual(['held', 'held', 'fresh']);
    expect(seen()).toEqual(anInspection());
    expect(changed).toContain('a');
    await vi.advanceTimersByTimeAsync(3 * INTERVAL);
    const times = freshTimes();
    expect(times).toHaveLength(4);
    for (const [index, atMs] of times.slice(1).entries()) {
      expect(atMs - (times[index] as number)).toBeLessThanOrEqual(INTERVAL);
    }
    expect(asked.length - times.length).toBeGreaterThan(60);
  });

  it('of a large fleet are spread after a take-over', async () => {
    watcher.follow(Array.from({ length: 200 }, (_, i) => aNode(i === 0 ? 'a' : `n${i}`)));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(freshTimes()).toEqual([]);
    expect(seen()).toBeNull();
  });

  it('are spread as well when many nodes join at once', async () => {
    for (let i = 0; i < 200; i++) watcher.followNode(`n${i}`, aNode(`n${i}`), 200);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(freshTimes()).toEqual([]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(freshTimes().length).toBeGreaterThan(100);
  });

  it('are made at once when they are asked for, and when a dead node is back', async () => {
    watcher.follow([aNode('a')]);
    await vi.advanceTimersByTimeAsync(1_000);
    watcher.inspectSoon('a');
    await vi.advanceTimersByTimeAsync(1);
    expect(freshTimes()).toHaveLength(2);

    answer = async () => refused;
    watcher.probeSoon('a');
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(watcher.health('a').verdict).toBe('dead');
    answer = async (depth) => (depth === 'fresh' ? { ...alive, inspection: anInspection() } : alive);
    await vi.advanceTimersByTimeAsync(2 * MINUTE);
    expect(watcher.health('a').verdict).toBe('alive');
    expect(freshTimes()).toHaveLength(3);
  });

  it('are made at once when a node answers again that was only suspected', async () => {
    watcher.follow([aNode('a')]);
    await vi.advanceTimersByTimeAsync(1_000);
    const before = freshTimes().length;
    answer = async () => refused;
    watcher.probeSoon('a');
    await vi.advanceTimersByTimeAsync(1);
    expect(watcher.health('a')).toMatchObject({ verdict: 'alive', failures: 1 });
    answer = async (depth) => (depth === 'fresh' ? { ...alive, inspection: anInspection() } : alive);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(watcher.health('a')).toMatchObject({ verdict: 'alive', failures: 0 });
    expect(freshTimes()).toHaveLength(before + 1);
  });

  it('are not made of a node that is failing', async () => {
    answer = async () => refused;
    watcher.follow([aNode('a')]);
    watcher.inspectSoon('a');
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(freshTimes()).toEqual([]);
  });

  it('say nothing when work began or ended while they were made', async () => {
    watcher.follow([aNode('a')]);
    await vi.advanceTimersByTimeAsync(1_000);
    answer = async (depth) => {
      if (depth === 'held') return alive;
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      return { ...alive, inspection: anInspection() };
    };
    watcher.inspectSoon('a');
    await vi.advanceTimersByTimeAsync(1_000);
    watcher.disturb('a');
    changed = [];
    await vi.advanceTimersByTimeAsync(5_000);
    expect(seen()).toBeNull();
    expect(changed).toEqual([]);
    watcher.inspectSoon('a');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(seen()).not.toBeNull();
  });

  it('say nothing of a node that is now reached elsewhere', async () => {
    watcher.follow([aNode('a')]);
    await vi.advanceTimersByTimeAsync(1_000);
    watcher.follow([aNode('a', { spec: { port: 22_001 } })]);
    expect(seen()).toBeNull();
  });

  it('that can not be read make no node suspect and are told once', async () => {
    answer = async (depth) =>
      depth === 'fresh' ? { ...alive, inspection: { unreadable: 'no sudo' } } : alive;
    watcher.follow([aNode('a')]);
    await vi.advanceTimersByTimeAsync(5 * INTERVAL);
    expect(freshTimes().length).toBeGreaterThan(4);
    expect(watcher.health('a')).toMatchObject({ verdict: 'alive', failures: 0 });
    expect(seen()).toBeNull();
    expect(warned).toEqual([{ node: 'a', detail: 'no sudo' }]);
  });
});

it('repairs are counted over the work that they are', async () => {
  watcher.follow([aNode('a')]);
  for (const options of [{ repair: true }, { repair: false }, { repair: true }])
    watcher.disturb('a', options);
  expect(watcher.inspection('a').repairs).toBe(2);
});
