import { type HistoryResult, runHistory } from './history.ts';
import type { Action, Plan } from './plan.ts';

/**
 * The shortest history found that still breaks the promise. Drops actions in ever smaller portions as long as a
 * promise of the same kind is broken without them.
 */
export async function shrink(plan: Plan, failed: HistoryResult, maxRuns = 400): Promise<Plan> {
  const wanted = kindOf(failed.violation);
  let runs = 0;
  const stillFails = async (actions: Action[]): Promise<boolean> => {
    if (++runs > maxRuns) return false;
    return kindOf((await runHistory({ ...plan, actions })).violation) === wanted;
  };
  // What comes after the violation took no part in it.
  let actions = plan.actions.filter(({ atMs }) => atMs <= failed.simulatedMs);
  if (!(await stillFails(actions))) actions = plan.actions;
  for (let size = Math.ceil(actions.length / 2); size >= 1 && runs < maxRuns; ) {
    let hasShrunk = false;
    for (let start = 0; start < actions.length; ) {
      const fewer = [...actions.slice(0, start), ...actions.slice(start + size)];
      if (await stillFails(fewer)) {
        actions = fewer;
        hasShrunk = true;
      } else start += size;
    }
    if (size === 1 && !hasShrunk) break;
    size = hasShrunk ? Math.min(size, Math.ceil(actions.length / 2)) : Math.floor(size / 2);
  }
  return { ...plan, actions };
}

/** A violation without the names, numbers and times in it. */
export function kindOf(violation: string | null): string | null {
  return violation?.split('\n')[0]?.replace(/[a-z]*_?\d[\d.]*/g, '#') ?? null;
}
