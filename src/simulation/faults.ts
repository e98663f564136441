import type { NodeSpec } from '../core/model/node.ts';
import type { Daemons, Later } from './daemons.ts';
import { isReachable } from './machine.ts';
import { MACHINE_FAULTS } from './machine-faults.ts';
import type { Action, MachineFault } from './plan.ts';
import type { Time } from './time.ts';
import { type InventoryFile, machineOf, type World } from './world.ts';

export interface Faults {
  perform(action: Action): void;
  /** Ends every fault that still lasts. */
  healAll(): void;
  /** Acts like an operator whose request got lost: asks again for the inventory to be read. */
  tend(): void;
}

/** `downSince`: shows the checks which machines are out of reach, and since when. */
export function createFaults(
  world: World,
  daemons: Daemons,
  inventory: InventoryFile,
  downSince: Map<string, number>,
): Faults {
  const { tally } = world;
  const all = inventory.specs;
  const nameOf = (which: number) => (all[which % all.length] as NodeSpec).name;
  const heals = createHeals(world.time);
  const machines = createMachineFaults(world, heals.later, downSince);
  const editor = createInventoryEditor(inventory, daemons);

  return {
    perform(action) {
      tally.count(`fault: ${action.kind} ${'what' in action ? action.what : ''}`.trimEnd());
      switch (action.kind) {
        case 'machine':
          machines.strike(nameOf(action.which), action.what, action.forMs);
          break;
        case 'mass':
          for (let index = 0; index < action.count; index++) {
            machines.strike(nameOf(action.first + index), action.what, action.forMs);
          }
          break;
        case 'playbook': {
          const name = nameOf(action.which);
          world.quirks.set(name, [...(world.quirks.get(name) ?? []), action.what]);
          break;
        }
        case 'database':
        case 'outage':
          strikeDatabase(action, world, daemons, heals.later);
          break;
        case 'inventory':
          editor.edit(action);
          break;
        case 'daemon':
          daemons.strike(action, heals.later);
          break;
        default:
          break;
      }
    },
    tend() {
      if (world.store.tables.inventory?.appliedSha256 !== String(inventory.version)) daemons.readInventory();
    },
    healAll() {
      machines.end();
      world.database.planned.length = 0;
      world.quirks.clear();
      heals.endAll();
      daemons.spare();
      editor.restore();
    },
  };
}

/** The faults that still last, to be ended one by one or all at once. */
function createHeals(time: Time): { later: Later; endAll: () => void } {
  const heals = new Set<() => void>();
  return {
    later(forMs, heal) {
      const once = () => {
        if (heals.delete(once)) heal();
      };
      heals.add(once);
      time.after(forMs, once);
    },
    endAll() {
      for (const heal of [...heals]) heal();
    },
  };
}

function createMachineFaults(world: World, later: Later, downSince: Map<string, number>) {
  const { time } = world;
  let isOver = false;

  function noteReach(name: string): void {
    const machine = machineOf(world, name);
    if (isReachable(machine) && !machine.strange) downSince.delete(name);
    else if (!downSince.has(name)) downSince.set(name, time.nowMs());
  }

  function strike(name: string, what: MachineFault, forMs: number): void {
    if (what === 'flapping') {
      // A machine that flaps slowly is judged dead each time; a quick one never is.
      if (forMs < 15_000) flap(name, 6, 3_500);
      else flap(name, 8, 12_000);
      return;
    }
    const end = MACHINE_FAULTS[what](machineOf(world, name), { forMs, nowMs: time.nowMs() });
    noteReach(name);
    // A machine whose host still answers resets its connections, which is noticed at once.
    if (what === 'refusing' || what === 'restart') for (const tell of [...world.onReset]) tell(name);
    later(forMs, () => {
      end();
      noteReach(name);
    });
  }

  function flap(name: string, times: number, forMs: number): void {
    if (isOver) return;
    // A cut is seen only by a probe, and is over before the next one.
    strike(name, times % 2 === 0 || forMs > 3_500 ? 'refusing' : 'cut', forMs);
    if (times > 1) time.after(2 * forMs, () => flap(name, times - 1, forMs));
  }

  return {
    strike,
    /** No machine flaps again. */
    end(): void {
      isOver = true;
    },
  };
}

function strikeDatabase(
  action: Action & { kind: 'database' | 'outage' },
  { database }: World,
  daemons: Daemons,
  later: Later,
): void {
  if (action.kind === 'database') {
    const { what: how, which, calls } = action;
    database.planned.push({ daemon: daemons.nameOf(which), calls, how });
    return;
  }
  database.isDown = true;
  later(action.forMs, () => {
    database.isDown = false;
  });
}

/** Writes the inventory file, and tells the daemons to read it. */
function createInventoryEditor(inventory: InventoryFile, daemons: Daemons) {
  const all = inventory.specs;

  function write(specs: NodeSpec[]): void {
    inventory.specs = specs;
    inventory.version++;
    daemons.readInventory();
  }

  return {
    edit({ what, which }: Action & { kind: 'inventory' }): void {
      const spec = all[which % all.length] as NodeSpec;
      const others = inventory.specs.filter(({ name }) => name !== spec.name);
      const changed = { ...spec, labels: { ...spec.labels, version: String(inventory.version) } };
      const edits = {
        remove: others,
        change: [...others, changed],
        add: all,
        halve: all.slice(all.length / 2),
      };
      write(edits[what]);
    },
    restore: () => write(all),
  };
}
