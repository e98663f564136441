import { createPlan } from './create-plan.ts';
import { type HistoryResult, runHistory } from './history.ts';
import { addTally } from './tally.ts';

/** The result of many histories. */
export interface CampaignResult {
  histories: number;
  steps: { least: number; total: number };
  faults: { least: number; total: number };
  simulatedMs: number;
  counts: Map<string, number>;
  /** The first ones that broke a promise. */
  failures: HistoryResult[];
}

const MOST_FAILURES = 5;

export async function runCampaign(
  { from, count, stopAtFailure = true }: { from: number; count: number; stopAtFailure?: boolean },
  onHistory: (result: HistoryResult) => void = () => undefined,
): Promise<CampaignResult> {
  const sum: CampaignResult = {
    histories: 0,
    steps: { least: Number.POSITIVE_INFINITY, total: 0 },
    faults: { least: Number.POSITIVE_INFINITY, total: 0 },
    simulatedMs: 0,
    counts: new Map(),
    failures: [],
  };
  for (let seed = from; seed < from + count; seed++) {
    const result = await runHistory(createPlan(seed));
    sum.histories++;
    sum.simulatedMs += result.simulatedMs;
    addTally(sum.counts, result.counts);
    if (result.violation === null) {
      sum.steps = { least: Math.min(sum.steps.least, result.steps), total: sum.steps.total + result.steps };
      sum.faults = {
        least: Math.min(sum.faults.least, result.faults),
        total: sum.faults.total + result.faults,
      };
    } else sum.failures.push(result);
    onHistory(result);
    if (sum.failures.length >= (stopAtFailure ? 1 : MOST_FAILURES)) break;
  }
  return sum;
}
