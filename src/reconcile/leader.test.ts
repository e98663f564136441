import { describe, expect, it } from 'vitest';
import type { LeadershipStore } from '../core/ports/leadership.ts';
import { createProcess } from '../simulation/process.ts';
import { createTime } from '../simulation/time.ts';
import { runElections, type Term } from './leader.ts';

const settings = { holder: 'one', durationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };
const ignore = () => undefined;
const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** A leading daemon in a process that can be stopped, with time that the test moves. */
async function startLeader(store: Partial<LeadershipStore>) {
  const time = createTime();
  const process = createProcess('one', time, { wallMs: 0, bootMs: 0 });
  const lease: LeadershipStore = {
    acquire: async () => ({ token: 1 }),
    renew: async () => true,
    release: async () => undefined,
    ...store,
  };
  let term: Term | null = null;
  const lead = (given: Term) => {
    term = given;
    return new Promise<void>((resolve) => given.signal.addEventListener('abort', () => resolve()));
  };
  void runElections(
    { store: lease, settings, clock: process.clock, logger, onTurn: ignore },
    lead,
    new AbortController().signal,
  );
  const run = async (untilMs: number) => {
    do await new Promise((resolve) => setImmediate(resolve));
    while (time.advance(untilMs));
  };
  await run(0);
  return { process, run, term: term as unknown as Term };
}

describe('a leader', () => {
  it('may act for as long as it renews its lease', async () => {
    const { run, term } = await startLeader({});
    await run(60_000);
    expect([term.mayAct(), term.signal.aborted]).toEqual([true, false]);
  });

  it('may not act from the moment on that it wakes from a sleep as long as its lease', async () => {
    const { process, run, term } = await startLeader({});
    await run(5_000);
    process.stop();
    await run(17_000);
    expect([term.mayAct(), term.signal.aborted]).toEqual([false, false]);
  });

  it('counts a renewal from when it was asked for, however late the answer comes', async () => {
    let answer: (held: boolean) => void = ignore;
    const renew = () =>
      new Promise<boolean>((resolve) => {
        answer = resolve;
      });
    const { run, term } = await startLeader({ renew });
    await run(11_000);
    answer(true);
    await run(11_500);
    expect(term.mayAct()).toBe(true);
    await run(12_500);
    expect(term.mayAct()).toBe(false);
  });
});
