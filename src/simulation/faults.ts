import type { NodeSpec } from '../core/model/node.ts';
import type { Daemons } from './daemons.ts';
import { isReachable } from './machine.ts';
import { MACHINE_FAULTS } from './machine-faults.ts';
import type { Action, MachineFault } from './plan.ts';
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
  const { time, tally } = world;
  const heals = new Set<() => void>();
  const all = inventory.specs;
  let isOver = false;

  /** Ends the fault after its time, or when all end. */
  function later(forMs: number, heal: () => void): void {
    const once = () => {
      if (heals.delete(once)) heal();
    };
    heals.add(once);
    time.after(forMs, once);
  }

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

  function editInventory(action: Action & { kind: 'inventory' }): void {
    const spec = all[action.which % all.length] as NodeSpec;
    const others = inventory.specs.filter(({ name }) => name !== spec.name);
    const changed = { ...spec, labels: { ...spec.labels, version: String(inventory.version) } };
    const edits = {
      remove: others,
      change: [...others, changed],
      add: all,
      halve: all.slice(all.length / 2),
    };
    write(edits[action.what]);
  }

  function write(specs: NodeSpec[]): void {
    inventory.specs = specs;
    inventory.version++;
    daemons.readInventory();
  }

  function strikeDatabase(action: Action & { kind: 'database' | 'outage' }): void {
    if (action.kind === 'database') {
      const { what: how, which, calls } = action;
      world.database.planned.push({ daemon: daemons.nameOf(which), calls, how });
      return;
    }
    world.database.isDown = true;
    later(action.forMs, () => {
      world.database.isDown = false;
    });
  }

  return {
    perform(action) {
      const name = 'which' in action ? (all[action.which % all.length] as NodeSpec).name : '';
      tally.count(`fault: ${action.kind} ${'what' in action ? action.what : ''}`.trimEnd());
      switch (action.kind) {
        case 'machine':
          strike(name, action.what, action.forMs);
          break;
        case 'mass':
          for (let index = 0; index < action.count; index++) {
            strike((all[(action.first + index) % all.length] as NodeSpec).name, action.what, action.forMs);
          }
          break;
        case 'playbook':
          world.quirks.set(name, [...(world.quirks.get(name) ?? []), action.what]);
          break;
        case 'database':
        case 'outage':
          strikeDatabase(action);
          break;
        case 'inventory':
          editInventory(action);
          break;
        case 'daemon':
          daemons.strike(action, later);
          break;
        default:
          break;
      }
    },
    tend() {
      if (world.store.tables.inventory?.appliedSha256 !== String(inventory.version)) daemons.readInventory();
    },
    healAll() {
      isOver = true;
      world.database.planned.length = 0;
      world.quirks.clear();
      for (const heal of [...heals]) heal();
      daemons.spare();
      write(all);
    },
  };
}
