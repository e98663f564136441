import type { NodeSpec } from '../core/model/node.ts';
import type { Chance } from './chance.ts';
import type { Invariants } from './invariants.ts';
import type { Machine } from './machine.ts';
import type { MemoryStore } from './memory-store.ts';
import type { Process } from './process.ts';
import type { Tally } from './tally.ts';
import type { Time } from './time.ts';

/** What is the same for all parts of one simulated world. */
export interface World {
  time: Time;
  chance: Chance;
  machines: Map<string, Machine>;
  store: MemoryStore;
  invariants: Invariants;
  tally: Tally;
  database: DatabaseFaults;
  /** What goes wrong with the next runs of Ansible on a machine, in this order. */
  quirks: Map<string, Quirk[]>;
  /** Held connections that break when a machine resets them. */
  onReset: Set<(machine: string) => void>;
  /** Daemons that reach no machine at all. */
  isolated: Set<string>;
  trace: ((line: string) => void) | null;
}

/** The inventory file: what it says now, and how often it was written. */
export interface InventoryFile {
  specs: NodeSpec[];
  version: number;
}

export interface DatabaseFaults {
  isDown: boolean;
  /** Daemons that do not reach it. */
  isolated: Set<string>;
  /** What goes wrong with a call from now on: after so many more calls of the daemon. */
  planned: { daemon: string; calls: number; how: DatabaseFault }[];
}

export type DatabaseFault =
  /** Refused before anything was written. */
  | 'notExecuted'
  /** Written, and the answer lost. */
  | 'lostReply'
  /** Not written, but that could not be told. */
  | 'unknown'
  /** Somebody else changed the row in between. */
  | 'conflict'
  /** The answer comes seconds late. */
  | 'slow';

export type Quirk =
  /** Ansible or the module fails before it does anything. */
  | 'fails'
  /** Cut off in the middle. */
  | 'half'
  /** Hangs in the middle, and holds the lock on the machine until it is killed. */
  | 'hangs'
  /** Does all of it, and the answer gets lost. */
  | 'lostReply'
  /** Arrives much later, when its sender has given it up. */
  | 'late';

/** Can this daemon get a packet to the machine, and an answer back? */
export function reaches(world: World, process: Process, machine: Machine): boolean {
  return !world.isolated.has(process.name) && machine.power === 'on' && !machine.cut.there;
}

export function answers(world: World, process: Process, machine: Machine): boolean {
  return reaches(world, process, machine) && !machine.cut.back && !machine.frozen;
}

export function machineOf(world: World, name: string): Machine {
  const machine = world.machines.get(name);
  if (!machine) throw new Error(`there is no machine ${name}`);
  return machine;
}
