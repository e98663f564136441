import { describe, expect, it } from 'vitest';
import { anInspection, STRANGER } from '../node/drift.fixture.ts';
import {
  CALM_MS,
  countRepair,
  disturb,
  NEW_INSPECTION_MEMORY as NEW,
  nextRepairAtMs,
  rememberInspection,
} from './inspection.ts';

const before = anInspection();
const after = anInspection({ accounts: [STRANGER] });

describe('a look at the files of a node', () => {
  it('counts until the next one', () => {
    const first = rememberInspection(NEW, before, 10);
    expect(first.latest).toBe(before);
    expect(rememberInspection(first, after, 20).latest).toBe(after);
  });

  it('that could not be read takes away what was known, and tells nothing', () => {
    expect(rememberInspection(rememberInspection(NEW, after, 10), null, 20).latest).toBeNull();
  });

  it('that was there before work began says nothing any more', () => {
    expect(disturb(rememberInspection(NEW, before, 10), 20).latest).toBeNull();
  });

  it.each([
    ['began and ended before the work', 5, 8],
    ['began before the work and ended during it', 5, 15],
    ['began before the work and ended after it', 5, 40],
    ['was made during the work', 15, 18],
    ['began during the work and ended after it', 15, 40],
    ['began in the very moment when the work ended', 20, 40],
  ])('says nothing after the work if it %s', (_case, startedAtMs, endedAtMs) => {
    // Work lasts from 10 to 20; the inspection's answer comes in at its end, before, between or after those.
    const steps: [number, (memory: typeof NEW) => typeof NEW][] = [
      [10, (memory) => disturb(memory, 10)],
      [20, (memory) => disturb(memory, 20)],
      [endedAtMs, (memory) => rememberInspection(memory, after, startedAtMs)],
    ];
    const end = steps.toSorted(([a], [b]) => a - b).reduce((memory, [, step]) => step(memory), NEW);
    expect(end.latest).toBeNull();
  });

  it('counts again when it began after the work had ended', () => {
    const memory = disturb(disturb(NEW, 10), 20);
    expect(rememberInspection(memory, after, 20.001).latest).toBe(after);
  });
});

describe('a node that is changed back each time', () => {
  it('is repaired at once, then ever more slowly', () => {
    let memory = NEW;
    let nowMs = 0;
    const waits = Array.from({ length: 12 }, () => {
      expect(nextRepairAtMs(memory)).toBeLessThanOrEqual(nowMs);
      memory = countRepair(memory, nowMs);
      const waitMs = nextRepairAtMs(memory) - nowMs;
      nowMs += waitMs;
      return waitMs / 1_000;
    });
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
  });

  it('is forgiven after a calm hour', () => {
    const third = countRepair(countRepair(countRepair(NEW, 0), 10), 20);
    expect(third.repairs).toBe(3);
    expect(countRepair(third, 20 + CALM_MS - 1).repairs).toBe(4);
    expect(countRepair(third, 20 + CALM_MS).repairs).toBe(1);
  });

  it('is counted over the work that disturbs what was seen', () => {
    expect(disturb(countRepair(NEW, 5), 6)).toMatchObject({ repairs: 1, repairedAtMs: 5 });
  });
});
