import type { NodeSpec } from '../core/model/node.ts';
import type { Chance } from './chance.ts';
import type { Invariants } from './invariants.ts';
import type { Machine } from './machine.ts';
import type { MemoryStore } from './memory/store.ts';
import type { Process } from './process.ts';
import type { Tally } from './tally.ts';
import type { Time } from './time.ts';

/** The wall-clock time at which every history begins. */
export const WALL_MS = Date.parse('2026-05-04T12:00:00.000Z');

/** What all parts of one simulated world share. */
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
  /** Daemons that can reach no machine at all. */
  isolated: Set<string>;
  trace: ((line: string) => void) | null;
}

/** The inventory file: its content now, and how often it was written. */
export interface InventoryFile {
  specs: NodeSpec[];
  version: number;
}

export interface DatabaseFaults {
  isDown: boolean;
  /** Daemons that can't reach the database. */
  isolated: Set<string>;
  /** Faults to come: each hits the daemon's `calls`-th call from now on (`conflict`: its `calls`-th save). */
  planned: { daemon: string; calls: number; how: DatabaseFault }[];
}

export type DatabaseFault =
  /** Refused before anything was written. */
  | 'notExecuted'
  /** Written, and the answer lost. */
  | 'lostReply'
  /** Not written, but the caller can't know. */
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
  /** Arrives much later, after its sender has given it up. */
  | 'late';

/** Can this daemon get a packet to the machine? */
export function reaches(world: World, process: Process, machine: Machine): boolean {
  return !world.isolated.has(process.name) && machine.power === 'on' && !machine.cut.there;
}

/** Can it also get an answer back? */
export function answers(world: World, process: Process, machine: Machine): boolean {
  return reaches(world, process, machine) && !machine.cut.back && !machine.frozen;
}

export function machineOf(world: World, name: string): Machine {
  const machine = world.machines.get(name);
  if (!machine) throw new Error(`there is no machine ${name}`);
  return machine;
}
