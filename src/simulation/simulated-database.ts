import type { LeadershipStore } from '../core/ports/leadership.ts';
import type { KeeperStore, ReconcileStore } from '../core/ports/stores.ts';
import type { Chance } from './chance.ts';
import type { Process } from './process.ts';
import type { DatabaseFault, DatabaseFaults, World } from './world.ts';

export type DaemonStore = ReconcileStore & LeadershipStore & KeeperStore;

/** Like the store's own error, reduced to name and kind. */
class DatabaseError extends Error {
  override readonly name = 'StoreError';
  readonly kind: 'notExecuted' | 'unknown';
  constructor(kind: 'notExecuted' | 'unknown') {
    super(`the database failed: ${kind}`);
    this.kind = kind;
  }
}

/** The store as one daemon reaches it: over a network, on a server that may be down, slow, or cut off at a COMMIT. */
export function connect(world: World, process: Process, chance: Chance): DaemonStore {
  const { store } = world;
  const line = createLine(world, process, chance);

  const through = <Name extends keyof DaemonStore>(name: Name): DaemonStore[Name] => {
    const kind = /^(list|load|is)/.test(name) ? 'read' : 'write';
    const call = store[name] as (...args: unknown[]) => Promise<unknown>;
    const counted = async (...args: unknown[]) => {
      const result = await call(...args);
      if (name === 'save') countRefusal(world, result);
      return result;
    };
    const wrapped = (...args: unknown[]) => {
      // Most answers come at once; the few late ones let other calls come in between.
      const isCalm = !line.isTroubled() && chance.isLucky(0.93);
      if (isCalm && process.callsAtOnce(kind)) return counted(...args);
      return process.call(() => line.perform(name, () => counted(...args)), kind);
    };
    return wrapped as DaemonStore[Name];
  };
  return {
    async acquire(settings) {
      const leadership = await process.call(() => line.perform('acquire', () => store.acquire(settings)));
      if (leadership) world.invariants.beginTerm(process.name, leadership.token);
      return leadership;
    },
    async loadControls() {
      const controls = await through('loadControls')();
      world.invariants.toldControls(process.name, controls);
      return controls;
    },
    renew: through('renew'),
    release: through('release'),
    applyInventory: through('applyInventory'),
    refuseInventory: through('refuseInventory'),
    loadInventoryState: through('loadInventoryState'),
    recordEvents: through('recordEvents'),
    listDirtyNodes: through('listDirtyNodes'),
    listDirtyRentals: through('listDirtyRentals'),
    listNodes: through('listNodes'),
    loadNode: through('loadNode'),
    listOpenRentals: through('listOpenRentals'),
    loadRental: through('loadRental'),
    listServices: through('listServices'),
    listLeaseUses: through('listLeaseUses'),
    isBreakerOpen: through('isBreakerOpen'),
    listPlacementsOnNodes: through('listPlacementsOnNodes'),
    save: through('save'),
    raiseCounters: through('raiseCounters'),
    saveLastChecked: through('saveLastChecked'),
    purge: through('purge'),
    numberEvents: through('numberEvents'),
  };
}

/** Counts what the store's guards refused. */
function countRefusal(world: World, result: unknown): void {
  const kind = (result as { kind?: string } | null)?.kind;
  if (kind === 'deposed') world.tally.count('a deposed leader was refused');
  if (kind === 'conflict') world.tally.count('a save lost against another');
}

/** The way to the database and back, with the faults that are planned for this daemon. */
function createLine(world: World, process: Process, chance: Chance) {
  const faults = createDatabaseFaults(world.database, process.name);
  const wait = (leastMs: number, mostMs: number): Promise<void> =>
    new Promise((resolve) => void world.time.after(chance.between(leastMs, mostMs), resolve));

  /** Performs the call with one random delay before it and another before its answer. */
  async function travel<Result>(
    leastMs: number,
    mostMs: number,
    call: () => Promise<Result>,
  ): Promise<Result> {
    await wait(leastMs, mostMs);
    const result = await call();
    await wait(leastMs, mostMs);
    return result;
  }

  async function performWith<Result>(
    fault: DatabaseFault,
    name: string,
    call: () => Promise<Result>,
  ): Promise<Result> {
    world.tally.count(`database: ${fault}`);
    world.trace?.(`database ${fault} at ${name} of ${process.name}`);
    switch (fault) {
      case 'notExecuted':
        throw new DatabaseError('notExecuted');
      case 'unknown':
        await wait(0, 4_000);
        throw new DatabaseError('unknown');
      case 'lostReply':
        if (name === 'save') world.tally.count('written, and the answer lost');
        await call();
        await wait(0, 4_000);
        throw new DatabaseError('unknown');
      case 'slow':
        return await travel(100, 4_000, call);
      case 'conflict':
        return { kind: 'conflict' } as Result;
    }
  }

  return {
    isTroubled: () => faults.isAway() || faults.arePlanned(),
    async perform<Result>(name: string, call: () => Promise<Result>): Promise<Result> {
      const fault = faults.take(name);
      if (faults.isAway()) {
        await wait(1, 2_000);
        throw new DatabaseError('notExecuted');
      }
      return fault === null ? await travel(0, 15, call) : await performWith(fault, name, call);
    },
  };
}

/** The faults of the database that hit one daemon. */
function createDatabaseFaults(database: DatabaseFaults, daemon: string) {
  return {
    /** The database is down, or out of this daemon's reach. */
    isAway: () => database.isDown || database.isolated.has(daemon),
    arePlanned: () => database.planned.some((plan) => plan.daemon === daemon),
    /** The fault that is planned for this call, if any. */
    take(name: string): DatabaseFault | null {
      for (const [index, plan] of database.planned.entries()) {
        const isMeant = plan.daemon === daemon && (plan.how !== 'conflict' || name === 'save');
        if (!isMeant || --plan.calls > 0) continue;
        database.planned.splice(index, 1);
        return plan.how;
      }
      return null;
    },
  };
}
