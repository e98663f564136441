import type { NodeSpec } from '../core/model/node.ts';
import type { Policy } from '../core/model/policy.ts';
import type { DatabaseFault, Quirk } from './world.ts';

/** What happens to one machine, for a while. */
export type MachineFault =
  | 'off'
  | 'refusing'
  | 'restart'
  | 'frozen'
  | 'cut'
  | 'cutThere'
  | 'cutBack'
  | 'slow'
  | 'listener'
  | 'flapping'
  | 'hostKey'
  | 'failing'
  | 'removal';

export type DaemonFault =
  | 'kill'
  | 'killAtCall'
  | 'stop'
  | 'stopAtCall'
  | 'restart'
  | 'cutFromDatabase'
  | 'cutFromMachines'
  | 'clockJump';

/**
 * One thing that is done to the world at its time. Its target is chosen then: `which` is taken modulo the
 * candidates.
 */
export type Action = { atMs: number } & (
  | {
      kind: 'rent';
      tenant?: string;
      zone: string | null;
      ttlMs: number;
      reject: boolean;
      waits: boolean;
      graceMs: number;
      broken?: boolean;
    }
  | { kind: 'release' | 'renew' | 'changeKey' | 'use' | 'repeat'; which: number }
  | { kind: 'request'; what: 'cordon' | 'uncordon' | 'drain' | 'clean' | 'forget' | 'trust'; which: number }
  | { kind: 'control'; what: 'pause' | 'resume' | 'override' }
  | { kind: 'inventory'; what: 'remove' | 'add' | 'change' | 'halve'; which: number }
  | { kind: 'machine'; what: MachineFault; which: number; forMs: number }
  | { kind: 'mass'; what: 'off' | 'refusing' | 'frozen' | 'cut'; first: number; count: number; forMs: number }
  | { kind: 'playbook'; what: Quirk; which: number }
  | { kind: 'database'; what: DatabaseFault; which: number; calls: number }
  | { kind: 'outage'; forMs: number }
  | {
      kind: 'daemon';
      what: DaemonFault;
      which: number;
      calls: number;
      writesOnly?: boolean;
      after: boolean;
      forMs: number;
    }
);

export interface Plan {
  seed: number;
  specs: NodeSpec[];
  policy: Policy;
  daemons: number;
  actions: Action[];
  /** Faults stop here. */
  endsAtMs: number;
}

export function isFault({ kind }: Action): boolean {
  return ['machine', 'mass', 'playbook', 'database', 'outage', 'daemon', 'inventory'].includes(kind);
}
