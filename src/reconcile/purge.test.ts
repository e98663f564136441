import { beforeEach, describe, expect, test } from 'vitest';
import type { Context } from './context.ts';
import {
  createPurge,
  DEAD_RETENTION_MS,
  DELIVERED_RETENTION_MS,
  EVENT_RETENTION_MS,
  RENTAL_RETENTION_MS,
} from './purge.ts';

const START = Date.parse('2026-06-01T00:00:00Z');
const MINUTE_MS = 60_000;

let elapsedMs: number;
let calls: { atMinute: number; what: Parameters<Context['store']['purge']>[1] }[];
let answer: () => ReturnType<Context['store']['purge']>;
let warnings: string[];
beforeEach(() => {
  elapsedMs = 0;
  calls = [];
  warnings = [];
  answer = async () => ({ rentals: 0, events: 0, deliveries: 0 });
});

function start() {
  return createPurge({
    clock: { now: () => new Date(START + elapsedMs), monotonicMs: () => elapsedMs },
    logger: { info: () => undefined, warn: (_: object, message: string) => void warnings.push(message) },
    store: {
      purge: (_leadership: unknown, what: (typeof calls)[number]['what']) => {
        calls.push({ atMinute: elapsedMs / MINUTE_MS, what });
        return answer();
      },
    },
  } as unknown as Context);
}

async function run(purge: () => Promise<void>, minutes: number, stepMs = MINUTE_MS): Promise<void> {
  for (const end = elapsedMs + minutes * MINUTE_MS; elapsedMs < end; elapsedMs += stepMs) await purge();
}

describe('what is kept no longer is deleted', () => {
  test('once an hour, with the times of the four retentions', async () => {
    await run(start(), 150);
    expect(calls.map(({ atMinute }) => atMinute)).toEqual([1, 61, 121]);
    const { rentalsEndedBefore, eventsBefore, deliveredBefore, deadBefore } = calls[0]?.what ?? {};
    expect(rentalsEndedBefore).toEqual(new Date(START + MINUTE_MS - RENTAL_RETENTION_MS));
    expect(eventsBefore).toEqual(new Date(START + MINUTE_MS - EVENT_RETENTION_MS));
    expect(deliveredBefore).toEqual(new Date(START + MINUTE_MS - DELIVERED_RETENTION_MS));
    expect(deadBefore).toEqual(new Date(START + MINUTE_MS - DEAD_RETENTION_MS));
    expect(EVENT_RETENTION_MS).toBeGreaterThanOrEqual(RENTAL_RETENTION_MS);
  });

  test.each(['rentals', 'events', 'deliveries'])(
    'batch after batch while there is more of %s',
    async (kind) => {
      let left = 1_200;
      answer = async () => {
        const count = Math.min(left, calls.at(-1)?.what.limit ?? 0);
        left -= count;
        return { rentals: 0, events: 0, deliveries: 0, [kind]: count };
      };
      await run(start(), 10, 250);
      expect(left).toBe(0);
      expect(calls).toHaveLength(3);
    },
  );

  test('not in each pass when it cannot be', async () => {
    answer = () => Promise.reject(new Error('away'));
    await run(start(), 100);
    expect(calls.map(({ atMinute }) => atMinute)).toEqual([1, 61]);
    expect(warnings).toHaveLength(2);
  });

  test('by the leader alone', async () => {
    answer = async () => 'deposed';
    await expect(run(start(), 2)).rejects.toMatchObject({ name: 'DeposedError' });
  });
});
