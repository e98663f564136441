import { describe, expect, it } from 'vitest';
import type { NewEvent } from '../core/history/event.ts';
import type { Inventory, InventoryAnswer, InventoryResult, InventoryState } from '../core/model/inventory.ts';
import { DEFAULT_POLICY } from '../core/model/policy.ts';
import type { AlarmClock } from '../core/ports/clock.ts';
import type { KeeperStore } from '../core/ports/stores.ts';
import { DeposedError } from './context.ts';
import { createInventoryKeeper } from './inventory-keeper.ts';

const fileOf = (sha256: string): Inventory => ({ policy: DEFAULT_POLICY, nodes: [], sha256 });

/** A keeper over a store that remembers, and a clock whose waits end when the test says so. */
function createBench(started = 'first') {
  let waiting: (() => void)[] = [];
  const clock: AlarmClock = {
    now: () => new Date(0),
    monotonicMs: () => 0,
    after: (_delayMs, callback) => {
      waiting.push(callback);
      return () => {
        waiting = waiting.filter((other) => other !== callback);
      };
    },
  };
  const bench = {
    state: null as InventoryState | null,
    file: { ok: true, inventory: fileOf(started) } as InventoryResult,
    applied: [] as { sha256: string; force: boolean; answering: number | null }[],
    refused: [] as string[],
    events: [] as NewEvent[],
    inForce: [] as string[],
    reads: [] as boolean[],
    answer: { kind: 'applied', added: [], changed: [], retiring: [] } as InventoryAnswer | 'deposed',
    request(change: Partial<InventoryState>) {
      bench.state = { ...(bench.state ?? NO_STATE), ...change };
    },
    /** Ends every pause and runs what follows. */
    async turn() {
      for (const end of waiting.splice(0)) end();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
  const store: KeeperStore = {
    async applyInventory(_leadership, { sha256, force, answering }) {
      bench.applied.push({ sha256, force, answering });
      if (bench.answer === 'deposed') return 'deposed';
      bench.request({ appliedSha256: sha256, ...(answering === null ? {} : { answered: answering }) });
      return bench.answer;
    },
    async refuseInventory(_leadership, { reason }, answering) {
      bench.refused.push(reason);
      if (answering !== null) bench.request({ answered: answering });
      return true;
    },
    loadInventoryState: async () => bench.state,
    recordEvents: async (events) => void bench.events.push(...events),
  };
  const quiet = () => undefined;
  const keeper = createInventoryKeeper({
    store,
    started: fileOf(started),
    read: async () => bench.file,
    clock,
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    onApplied: ({ sha256 }) => void bench.inForce.push(sha256),
    onRead: (ok) => void bench.reads.push(ok),
  });
  return { bench, keeper };
}

const NO_STATE: InventoryState = {
  requested: 0,
  requestedSha256: null,
  requestedForce: false,
  requestedBy: null,
  answered: 0,
  answer: null,
  appliedSha256: null,
  appliedAt: null,
};

async function lead({ bench, keeper }: ReturnType<typeof createBench>) {
  const term = new AbortController();
  const running = keeper.run({ token: 1 }, term.signal);
  await bench.turn();
  return async () => {
    term.abort();
    await running;
  };
}

describe('a leader', () => {
  it('applies the file that it was started with, once', async () => {
    const made = createBench();
    const stop = await lead(made);
    await made.bench.turn();
    expect(made.bench.applied).toEqual([{ sha256: 'first', force: false, answering: null }]);
    expect(made.bench.inForce).toEqual(['first']);
    await stop();
  });

  it('applies nothing merely because it took over', async () => {
    const made = createBench();
    made.keeper.standBy();
    const stop = await lead(made);
    await made.bench.turn();
    expect(made.bench.applied).toEqual([]);
    await stop();
  });

  it('reads the file again on SIGHUP; a bad one changes nothing and is told', async () => {
    const made = createBench();
    const stop = await lead(made);
    made.bench.file = { ok: false, problems: ['f:1:1: x: no', 'f:2:1: y: no'] };
    made.keeper.readAgain();
    await made.bench.turn();
    expect(made.bench).toMatchObject({ refused: ['InventoryInvalid'], reads: [false], inForce: ['first'] });
    made.bench.file = { ok: true, inventory: fileOf('second') };
    made.keeper.readAgain();
    await made.bench.turn();
    expect(made.bench.inForce).toEqual(['first', 'second']);
    await stop();
  });

  it('answers a request with what it finds, forced if asked, and only if it is the file that was looked at', async () => {
    const made = createBench();
    const stop = await lead(made);
    made.bench.file = { ok: true, inventory: fileOf('second') };
    made.bench.request({ requested: 1, requestedSha256: 'other', requestedForce: true });
    await made.bench.turn();
    expect(made.bench).toMatchObject({ refused: ['InventoryMismatch'], state: { answered: 1 } });
    made.bench.request({ requested: 2, requestedSha256: 'second' });
    await made.bench.turn();
    expect(made.bench.applied.at(-1)).toEqual({ sha256: 'second', force: true, answering: 2 });
    await made.bench.turn();
    expect(made.bench.applied).toHaveLength(2);
    await stop();
  });

  it('keeps the old policy when the file was refused', async () => {
    const made = createBench();
    made.bench.answer = { kind: 'refused', reason: 'InventoryRefused', message: 'too much' };
    const stop = await lead(made);
    expect(made.bench.inForce).toEqual([]);
    await stop();
  });

  it('stops acting when another daemon leads', async () => {
    const made = createBench();
    made.bench.answer = 'deposed';
    await expect(made.keeper.run({ token: 1 }, new AbortController().signal)).rejects.toThrow(DeposedError);
  });
});

describe('a daemon that does not lead', () => {
  it('tells once that its file is another one, and takes over the policy when it is the same', async () => {
    const { bench, keeper } = createBench('mine');
    const over = new AbortController();
    const comparing = keeper.compare(over.signal);
    bench.request({ appliedSha256: 'theirs' });
    await bench.turn();
    await bench.turn();
    expect(bench.events).toMatchObject([{ type: 'inventory.mismatch', reason: 'InventoryMismatch' }]);
    bench.file = { ok: true, inventory: fileOf('theirs') };
    keeper.readAgain();
    await bench.turn();
    await bench.turn();
    expect(bench).toMatchObject({ applied: [], inForce: ['theirs'], reads: [true] });
    expect(bench.events).toHaveLength(1);
    over.abort();
    await comparing;
  });
});
