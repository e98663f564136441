import type { Chance } from './chance.ts';
import { type Daemon, type DaemonSettings, startDaemon } from './daemon.ts';
import type { Action } from './plan.ts';
import { WALL_MS, type World } from './world.ts';

/** The replicas, and the supervisor that restarts dead ones. */
export interface Daemons {
  nameOf(which: number): string;
  wake(): void;
  readInventory(): void;
  /** Number of calls that change something, by all daemons that ever ran. */
  writes(): number;
  discard(): void;
  /** Cancels every stop or kill that is planned at a later call. */
  spare(): void;
  strike(fault: DaemonStrike, later: Later): void;
}

type DaemonStrike = Action & { kind: 'daemon' };

/** Ends a fault after its time, or earlier when all end. */
export type Later = (forMs: number, heal: () => void) => void;

export function createDaemons(
  world: World,
  count: number,
  settings: DaemonSettings,
  chance: Chance,
): Daemons {
  const supervisor = createSupervisor(world, settings, chance);
  const { running, ever } = supervisor;
  for (let index = 1; index <= count; index++) supervisor.start(`d${index}`);
  const names = [...running.keys()];
  const nameOf = (which: number) => names[which % names.length] as string;

  return {
    nameOf,
    wake: () => running.get(chance.pick(names))?.wake(),
    writes: () => ever.reduce((sum, { process }) => sum + process.writes(), 0),
    discard() {
      for (const daemon of ever) daemon.discard();
    },
    spare() {
      for (const { process } of running.values()) process.stopAt(null);
    },
    readInventory() {
      for (const daemon of running.values()) daemon.readInventory();
    },
    strike: (fault, later) => strike(nameOf(fault.which), fault, { world, supervisor, later }),
  };
}

/** Starts daemons, and starts another one whenever one is gone. */
interface Supervisor {
  /** By name: the daemon that runs now. */
  running: Map<string, Daemon>;
  /** Every daemon that was ever started. */
  ever: Daemon[];
  start(name: string): void;
  startAgain(name: string): void;
  kill(name: string): void;
}

function createSupervisor(world: World, settings: DaemonSettings, chance: Chance): Supervisor {
  const running = new Map<string, Daemon>();
  const ever: Daemon[] = [];

  function start(name: string): void {
    const wallMs = WALL_MS + chance.between(-500, 500);
    world.trace?.(`${name} starts`);
    const daemon = startDaemon(world, name, settings, chance.fork(`${name}/${ever.length}`), { wallMs });
    ever.push(daemon);
    running.set(name, daemon);
  }

  /** Once the process is gone, starts another one after a moment. */
  function startAgain(name: string): void {
    const old = running.get(name);
    world.time.after(chance.between(50, 4_000), () => {
      const isGone = old?.process.isKilled() || old?.hasEnded();
      if (!isGone) startAgain(name);
      else if (running.get(name) === old) start(name);
    });
  }

  function kill(name: string): void {
    const daemon = running.get(name);
    if (!daemon || daemon.process.isKilled()) return;
    world.trace?.(`${name} is killed`);
    daemon.process.kill();
    world.tally.count('daemon killed');
    startAgain(name);
  }

  return { running, ever, start, startAgain, kill };
}

function strike(
  name: string,
  { what, calls, writesOnly = false, after, forMs }: DaemonStrike,
  { world, supervisor, later }: { world: World; supervisor: Supervisor; later: Later },
): void {
  const { process, end } = supervisor.running.get(name) as Daemon;
  const when = after ? 'after' : 'before';
  const kill = () => supervisor.kill(name);
  const stop = () => {
    process.stop();
    later(forMs, () => process.goOn());
  };
  switch (what) {
    case 'kill':
      kill();
      break;
    case 'killAtCall':
      process.stopAt({ calls, writesOnly, when, how: kill });
      break;
    case 'stop':
      stop();
      break;
    case 'stopAtCall':
      process.stopAt({ calls, writesOnly, when, how: stop });
      break;
    case 'restart':
      end();
      supervisor.startAgain(name);
      break;
    case 'cutFromDatabase':
      world.database.isolated.add(name);
      later(forMs, () => void world.database.isolated.delete(name));
      break;
    case 'cutFromMachines':
      world.isolated.add(name);
      later(forMs, () => void world.isolated.delete(name));
      break;
    case 'clockJump':
      process.jump(after ? forMs : -forMs);
      break;
  }
}
