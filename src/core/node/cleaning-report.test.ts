import { describe, expect, it } from 'vitest';
import type { CleaningReport } from '../model/rental.ts';
import type { Run, WorkOutcome } from '../model/work.ts';
import { aPlacement, NOW } from '../rows.fixture.ts';
import { reportsOf } from './cleaning-report.ts';

const at = NOW.toISOString();
const later = new Date(NOW.getTime() + 60_000);
const residue = (report: CleaningReport | null = null) => [aPlacement(1, 'a', { endedAt: NOW, report })];
const run = (outcome: Run['outcome'], epochs = [1]): Run => ({
  work: { kind: 'clean', prepare: false, residue: epochs.map((epoch) => aPlacement(epoch, 'a')) },
  fence: 9,
  outcome,
});
const done = (findings: string[] = []): WorkOutcome => ({ kind: 'done', fenceSeen: 9, uidSeen: 0, findings });
const failed: WorkOutcome = {
  kind: 'failed',
  reason: 'PlaybookTimeout',
  message: 'Remove the account: \x1b[2Jkilled',
  fenceSeen: null,
  uidSeen: null,
};
const only = (outcome: WorkOutcome, earlier: CleaningReport | null = null, now = NOW) =>
  reportsOf(run(outcome), residue(earlier), now)[0]?.report as CleaningReport;

describe('the report of cleaning that is kept with a placement', () => {
  it('says that the node was clean at once', () => {
    expect(reportsOf(run(done()), residue(), NOW)).toEqual([
      {
        epoch: 1,
        report: {
          attempts: 1,
          outcome: 'clean',
          reason: 'Clean',
          message: 'verified clean',
          at,
          found: null,
        },
      },
    ]);
  });

  it('counts the tries and keeps what was found when the node is clean in the end', () => {
    const first = only(done(['setuid file /tmp/sh']));
    expect(first).toMatchObject({ attempts: 1, outcome: 'failed', reason: 'ResidueFound', at });
    const second = only(failed, first, later);
    expect(second).toMatchObject({ attempts: 2, outcome: 'failed', reason: 'PlaybookTimeout' });
    expect(only(done(), second, later)).toEqual({
      attempts: 3,
      outcome: 'clean',
      reason: 'Clean',
      message: 'verified clean',
      at: later.toISOString(),
      found: { at, items: ['setuid file /tmp/sh'], more: 0 },
    });
  });

  it('is bounded, and nothing in it steers a terminal, whatever a node says', () => {
    const items = Array.from({ length: 500 }, (_, i) => `${i} \x1b[31m${'x'.repeat(5_000)}`);
    const report = only(done(items));
    expect(report.found).toMatchObject({ more: 490 });
    expect(JSON.stringify(report).length).toBeLessThan(4_000);
    expect(JSON.stringify([report, only(failed)])).not.toMatch(/\\u001b/);
  });

  it('is of nothing but what that try was about, and not of one that was cut off', () => {
    expect(reportsOf(run(done(), [2]), residue(), NOW)).toEqual([]);
    expect(reportsOf(run({ kind: 'aborted' }), residue(), NOW)).toEqual([]);
    expect(reportsOf(run(null), residue(), NOW)).toEqual([]);
    expect(reportsOf(null, residue(), NOW)).toEqual([]);
  });
});
