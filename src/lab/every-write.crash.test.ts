import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CrashStory, openCrashStory } from './crash-story.fixture.ts';
import { traceWrites } from './spawn-trap.fixture.ts';
import { openTestLab, type TestLab } from './test-lab.fixture.ts';

/** The first write to die at, and the step from one death to the next. */
const FROM = Number(process.env.ORION_CRASH_FROM ?? 1);
const STEP = Number(process.env.ORION_CRASH_STEP ?? 1);
let test: TestLab;
let story: CrashStory;

beforeAll(async () => {
  test = await openTestLab({
    basePort: 29_400,
    nodes: 3,
    policy: 'probe: { deadAfter: 2s, successes: 1, healthyDelay: 0s, timeout: 3s, interval: 5s }',
    lab: { longestDelayMs: 200 },
  });
  story = await openCrashStory(test);
}, 240_000);
afterAll(() => test?.close());

it('a daemon that dies at any of its writes to database, nodes, clients or log loses nothing', async () => {
  for (let at = FROM; ; at += STEP) {
    await expect.poll(() => test.lab.daemonPid('daemon_1')).not.toBeNull();
    const tracing = await traceWrites(test.lab.daemonPid('daemon_1') as number, at);
    const id = await story.apply('crash');
    const node = await story.untilActive(id);
    await story.insist('POST', `/api/nodes/${node}/drain`);
    const next = await story.untilActive(id, (now) => now !== node);
    await story.insist('POST', `/api/nodes/${node}/uncordon`);
    await story.release(id);
    await story.untilReleased(id);
    for (const name of [node, next]) await story.untilState(name, 'free');
    const hasDied = await tracing.end();
    await story.expectConverged([]);
    console.log(`write ${at}: ${hasDied ? 'died and went on' : 'not reached'}`);
    if (!hasDied) break;
  }
});
