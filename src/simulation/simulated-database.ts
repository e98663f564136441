import type { LeadershipStore } from '../core/ports/leadership.ts';
import type { KeeperStore, ReconcileStore } from '../core/ports/stores.ts';
import type { Chance } from './chance.ts';
import type { Process } from './process.ts';
import type { DatabaseFault, World } from './world.ts';

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

  function wait(ms: number): Promise<void> {
    return new Promise((resolve) => void world.time.after(ms, resolve));
  }

  /** The fault that is planned for this call, if any. */
  function takeFault(name: string): DatabaseFault | null {
    for (const [index, plan] of world.database.planned.entries()) {
      const isMeant = plan.daemon === process.name && (plan.how !== 'conflict' || name === 'save');
      if (!isMeant || --plan.calls > 0) continue;
      world.database.planned.splice(index, 1);
      return plan.how;
    }
    return null;
  }

  function isTroubled(): boolean {
    const { isDown, isolated, planned } = world.database;
    return isDown || isolated.has(process.name) || planned.some(({ daemon }) => daemon === process.name);
  }

  async function perform<Result>(name: string, call: () => Promise<Result>): Promise<Result> {
    const fault = takeFault(name);
    if (world.database.isDown || world.database.isolated.has(process.name)) {
      await wait(chance.between(1, 2_000));
      throw new DatabaseError('notExecuted');
    }
    if (fault === null) {
      await wait(chance.between(0, 15));
      const result = await call();
      await wait(chance.between(0, 15));
      return result;
    }
    return await performWith(fault, name, call);
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
        await wait(chance.between(0, 4_000));
        throw new DatabaseError('unknown');
      case 'lostReply':
        if (name === 'save') world.tally.count('written, and the answer lost');
        await call();
        await wait(chance.between(0, 4_000));
        throw new DatabaseError('unknown');
      case 'slow': {
        await wait(chance.between(100, 4_000));
        const result = await call();
        await wait(chance.between(100, 4_000));
        return result;
      }
      case 'conflict':
        return { kind: 'conflict' } as Result;
    }
  }

  /** Counts what the store's guards refused. */
  function countRefusal(result: unknown): void {
    const kind = (result as { kind?: string } | null)?.kind;
    if (kind === 'deposed') world.tally.count('a deposed leader was refused');
    if (kind === 'conflict') world.tally.count('a save lost against another');
  }

  const through = <Name extends keyof DaemonStore>(name: Name): DaemonStore[Name] => {
    const kind = /^(list|load|is)/.test(name) ? 'read' : 'write';
    const call = store[name] as (...args: unknown[]) => Promise<unknown>;
    const counted = async (...args: unknown[]) => {
      const result = await call(...args);
      if (name === 'save') countRefusal(result);
      return result;
    };
    const wrapped = (...args: unknown[]) => {
      // Most answers come at once; the few late ones let others come in between.
      const isCalm = !isTroubled() && chance.isLucky(0.93);
      if (isCalm && process.callsAtOnce(kind)) return counted(...args);
      return process.call(() => perform(name, () => counted(...args)), kind);
    };
    return wrapped as DaemonStore[Name];
  };
  return {
    async acquire(settings) {
      const leadership = await process.call(() => perform('acquire', () => store.acquire(settings)));
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
