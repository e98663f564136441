import { expect, it } from 'vitest';
import { runCampaign } from './campaign.ts';
import { createPlan } from './create-plan.ts';
import { listNeverReached } from './rare-states.ts';
import { shrink } from './shrink.ts';

/** One part of the histories, so that two processors share them. A thousand are enough to reach every rare state. */
export function testHistories(from: number, count: number): void {
  const reachesAll = count >= 1_000;
  const aim = reachesAll ? ', and reaches every rare state' : '';
  it(`keeps every promise in ${count} histories from seed ${from} on${aim}`, async () => {
    const sum = await runCampaign({ from, count });
    const [failed] = sum.failures;
    if (failed) {
      const { actions } = await shrink(createPlan(failed.seed), failed);
      const story = actions.map((action) => JSON.stringify(action)).join('\n');
      const replay = `npm run simulate -- --seed ${failed.seed}`;
      expect.fail(`${failed.violation}\nshortest history of seed ${failed.seed}:\n${story}\n${replay}`);
    }
    const days = (sum.simulatedMs / 86_400_000).toFixed(1);
    console.log(
      `${sum.histories} histories, ${sum.steps.total} steps, ${sum.faults.total} faults, ${days} days`,
    );
    expect(sum.histories).toBe(count);
    expect(sum.steps.least).toBeGreaterThanOrEqual(400);
    expect(sum.faults.least).toBeGreaterThanOrEqual(60);
    if (reachesAll) expect(listNeverReached(sum.counts)).toEqual([]);
  });
}
