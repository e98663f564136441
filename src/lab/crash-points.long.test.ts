import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createChance } from './chance.fixture.ts';
import { type CommitRelay, type Moment, startCommitRelay } from './commit-relay.fixture.ts';
import { type CrashStory, openCrashStory } from './crash-story.fixture.ts';
import { listMarked, signalProcess } from './processes.ts';
import { traceSpawns } from './spawn-trap.fixture.ts';
import { openTestLab, type TestLab } from './test-lab.fixture.ts';

const NODES = 5;
const SEED = Number(process.env.ORION_CRASH_SEED ?? Date.now() % 2 ** 31);
/** One point in STEP is tried; another seed tries others. All points take half an hour. */
const STEP = Number(process.env.ORION_CRASH_STEP ?? 8);
const FIRST = 1 + (SEED % STEP);
const KILLS = 12;
let test: TestLab;
let story: CrashStory;
let relay: CommitRelay;

beforeAll(async () => {
  test = await openTestLab({
    basePort: 29_380,
    nodes: NODES,
    policy: 'probe: { deadAfter: 2s, successes: 1, healthyDelay: 0s, timeout: 3s, interval: 5s }',
    // The daemon dies too often here for the usual pauses before its restarts.
    lab: { longestDelayMs: 200 },
  });
  story = await openCrashStory(test);
  relay = await startCommitRelay(join(test.home, 'run', 'database.sock'));
  // The running daemon is still connected to the database directly.
  await test.killDaemon();
}, 400_000);
afterAll(async () => {
  await relay?.close();
  await test?.close();
});

/** A daemon that is just restarting has no process to kill. */
function strikeDaemon(): void {
  const pid = test.lab.daemonPid('daemon_1');
  if (pid !== null) process.kill(pid, 'SIGKILL');
}

type Phase = 'provision' | 'migration' | 'clean';
/** Runs a phase with the daemon set to die in it; true if it died. */
type Under = (phase: Phase, work: () => Promise<void>) => Promise<boolean>;

/** Plays the whole life of a rental. Resolves with the phases in which the daemon died. */
async function live(leave: 'death' | 'drain', under: Under): Promise<Phase[]> {
  const died: Phase[] = [];
  const phase = async (name: Phase, work: () => Promise<void>) => {
    if (await under(name, work)) died.push(name);
  };
  let id = '';
  let node = '';
  await phase('provision', async () => {
    id = await story.apply('crash');
    node = await story.untilActive(id);
  });
  await phase('migration', async () => {
    if (leave === 'death') await test.lab.stopWorker(node);
    else await story.insist('POST', `/api/nodes/${node}/drain`);
    await story.untilActive(id, (now) => now !== node);
    if (leave === 'death') await test.lab.startWorker(node);
    await story.untilState(node, 'free');
  });
  if (leave === 'drain') await story.insist('POST', `/api/nodes/${node}/uncordon`);
  await story.expectConverged([id]);
  await phase('clean', async () => {
    node = await story.untilActive(id);
    await story.release(id);
    await story.untilReleased(id);
    await story.untilState(node, 'free');
  });
  await story.expectConverged([]);
  return died;
}

/** Plays lives in which the daemon dies at one point of each phase, then at a later one, until none is left. */
async function dieAtEach(leave: 'death' | 'drain', atPoint: (at: number) => Under): Promise<void> {
  console.log(`point ${FIRST}, then each ${STEP}th: repeat with ORION_CRASH_SEED=${SEED}`);
  const points: Record<Phase, number> = { provision: 0, migration: 0, clean: 0 };
  for (let at = FIRST; ; at += STEP) {
    const died = await live(leave, atPoint(at));
    for (const phase of died) points[phase]++;
    if (died.length === 0) break;
  }
  console.log(`${JSON.stringify(points)} points`);
  // Only a migration has enough points for every seed to meet one.
  expect(points.migration).toBeGreaterThan(0);
  if (STEP > 1) return;
  for (const count of Object.values(points)) expect(count).toBeGreaterThan(1);
  expect(points.provision + points.migration + points.clean).toBeGreaterThan(10);
}

describe('a daemon that dies', () => {
  it.each<[Moment, 'death' | 'drain']>([
    ['before the database has it', 'death'],
    ['when it is done and nobody was told', 'drain'],
  ])('at COMMITs of a provision, a migration and a clean, %s (%s), loses nothing', async (moment, leave) => {
    await dieAtEach(leave, (at) => async (_, work) => {
      relay.arm(at, moment, strikeDaemon);
      await work();
      return relay.disarm();
    });
  });

  it('at spawns and execs of them loses nothing', async () => {
    await dieAtEach('drain', (at) => async (_, work) => {
      await expect.poll(() => test.lab.daemonPid('daemon_1')).not.toBeNull();
      const runners = await listMarked('ORION_RUNNER', join(test.home, 'run', 'playbooks-daemon_1'));
      const pids = [test.lab.daemonPid('daemon_1') as number, ...runners.map(({ pid }) => pid)];
      const tracing = await traceSpawns(pids, at, strikeDaemon);
      await work();
      return tracing.end();
    });
  });
});

it(`${KILLS} times kill -9 at random over a busy lab loses nothing`, async () => {
  console.log(`seed ${SEED}: repeat with ORION_CRASH_SEED=${SEED}`);
  const chance = createChance(SEED);
  let isOver = false;
  /** Rents and releases until the test is over, and keeps the last rental. */
  const keepBusy = async (name: string): Promise<string> => {
    for (;;) {
      const id = await story.apply(name);
      const node = await story.untilActive(id);
      if (isOver) return id;
      await story.release(id);
      await story.untilReleased(id);
      // Another client may get the node before it is seen as free, and keep it.
      await story.untilPassedOn(node, id);
    }
  };
  const clients = Promise.all(['one', 'two', 'three'].map(keepBusy));
  clients.catch(() => undefined);
  for (let killed = 0; killed < KILLS; ) {
    // The pace of the strikes, not a wait for anything.
    await sleep(chance() * 2_500);
    const runs = await listMarked('ORION_RUNNER', join(test.home, 'run', 'playbooks-daemon_1'));
    const run = runs[Math.floor(chance() * runs.length)];
    if (chance() < 0.3 && run !== undefined) await signalProcess(run, 'SIGKILL');
    else strikeDaemon();
    killed++;
  }
  isOver = true;
  await story.expectConverged(await clients);
}, 900_000);
