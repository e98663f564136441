import { parseArgs } from 'node:util';
import { runCampaign } from './campaign.ts';
import { createPlan } from './create-plan.ts';
import { runHistory } from './history.ts';
import { isFault, type Plan } from './plan.ts';
import { listNeverReached } from './rare-states.ts';
import { shrink } from './shrink.ts';

// A command of its own beside `orion`, since an installed daemon has no use for it. So it prints, and ends with an
// exit code.
//
// npm run simulate -- --seed N             replays one history, step by step
// npm run simulate -- --histories N        runs N of them, from seed --from on (default 1)
// npm run simulate -- --seed N --shrink    looks for the shortest history that breaks the same promise

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    histories: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    shrink: { type: 'boolean', default: false },
  },
});

process.exitCode = values.seed === undefined ? await simulateMany() : await simulateOne(Number(values.seed));

async function simulateOne(seed: number): Promise<number> {
  const plan = createPlan(seed);
  if (values.shrink) return await tellShortest(plan);
  const result = await runHistory(plan, (line) => console.log(line));
  const { steps, faults, violation } = result;
  console.log(`seed ${seed}: ${steps} steps, ${faults} faults: ${violation ?? 'every promise was kept'}`);
  return violation === null ? 0 : 1;
}

async function tellShortest(plan: Plan): Promise<number> {
  const result = await runHistory(plan);
  if (result.violation === null) {
    console.log(`seed ${plan.seed} breaks no promise`);
    return 0;
  }
  const shortest = await shrink(plan, result);
  const again = await runHistory(shortest, (line) => console.log(line));
  const faults = shortest.actions.filter(isFault).length;
  console.log(`\nseed ${plan.seed}: ${again.violation}\nwith no more than (${faults} faults):`);
  for (const action of shortest.actions) console.log(`  ${JSON.stringify(action)}`);
  return 1;
}

async function simulateMany(): Promise<number> {
  const startedAtMs = performance.now();
  let done = 0;
  const range = { from: Number(values.from), count: Number(values.histories), stopAtFailure: false };
  const sum = await runCampaign(range, ({ seed, violation }) => {
    if (violation !== null)
      console.log(`seed ${seed}: ${violation}\n  npm run simulate -- --seed ${seed} --shrink`);
    if (++done % 500 === 0) console.log(`${done} histories, up to seed ${seed}`);
  });
  for (const [name, count] of [...sum.counts].sort()) console.log(`${String(count).padStart(9)}  ${name}`);
  const seconds = (performance.now() - startedAtMs) / 1000;
  const days = sum.simulatedMs / 86_400_000;
  console.log(
    `${sum.histories} histories, ${sum.steps.total} steps (at least ${sum.steps.least} each), ${sum.faults.total} faults ` +
      `(at least ${sum.faults.least}), ${days.toFixed(1)} days in ${seconds.toFixed(0)} s; ${sum.failures.length} broke a promise`,
  );
  const missing = listNeverReached(sum.counts);
  if (missing.length > 0) console.log(`never reached: ${missing.join('; ')}`);
  return sum.failures.length + missing.length === 0 ? 0 : 1;
}
