import type { FailureReason } from '../core/failure/remedy.ts';

/** What a tenant may leave on a machine, apart from the account. */
export type Residue = 'home' | 'process' | 'file' | 'job';

export interface Account {
  uid: number;
  /** The key that sshd accepts for it; null until one is written. */
  key: string | null;
  /** Until when sshd accepts it; null until one is written. */
  expiresAt: Date | null;
}

/** The state of a machine; each fault of the simulation changes a part of it. */
export interface Machine {
  readonly name: string;
  /** `off` is silent, `refusing` has a host that answers for it: the connection is refused at once. */
  power: 'on' | 'off' | 'refusing';
  /** Every process is stopped; whatever had begun goes on after the thaw. */
  frozen: boolean;
  /** Sessions live on, but nobody new can connect. */
  listenerDead: boolean;
  /** Lost packets: from the control plane to the machine, and back. */
  cut: { there: boolean; back: boolean };
  /** Every answer takes this much longer. */
  slowMs: number;
  hostKey: string;
  /** It answers, but not as it should: with another key, or too late. */
  strange: boolean;
  /** Why each module fails at once, such as a full disk or no Python; null: it does not. */
  failing: FailureReason | null;
  /** delete_user reports success but leaves something. */
  removalLeaves: boolean;

  // What survives a reboot, apart from processes in the residue and the lock.
  prepared: boolean;
  fenceSeen: number;
  uidSeen: number;
  uidOwner: string | null;
  accounts: Map<string, Account>;
  residue: Map<number, Set<Residue>>;
  /** Number of boots: whatever was under way before the last one is gone. */
  boots: number;
  /** Held by the running module, so that orders run one after the other. */
  lock: { holder: object | null; queue: (() => void)[] };
}

export function createMachine(name: string): Machine {
  return {
    name,
    power: 'on',
    frozen: false,
    listenerDead: false,
    cut: { there: false, back: false },
    slowMs: 0,
    hostKey: `ssh-ed25519 ${name}/1`,
    strange: false,
    failing: null,
    removalLeaves: false,
    prepared: false,
    fenceSeen: 0,
    uidSeen: 0,
    uidOwner: null,
    accounts: new Map(),
    residue: new Map(),
    boots: 0,
    lock: { holder: null, queue: [] },
  };
}

export function fingerprintOf(hostKey: string): string {
  return `SHA256:${hostKey}`;
}

/** As reported by a machine where every start boots a new kernel. */
export function bootIdOf({ name, boots }: Machine): string {
  return `${name}-${boots}/-`;
}

/** Can the control plane get an answer out of it at all? */
export function isReachable(machine: Machine): boolean {
  const { power, frozen, listenerDead, cut } = machine;
  return power === 'on' && !frozen && !listenerDead && !cut.there && !cut.back;
}

export function reboot(machine: Machine): void {
  machine.power = 'on';
  machine.frozen = false;
  machine.boots++;
  machine.lock = { holder: null, queue: [] };
  for (const [uid, found] of machine.residue) {
    found.delete('process');
    if (found.size === 0) machine.residue.delete(uid);
  }
}

export function leave(machine: Machine, uid: number, what: Residue): void {
  const found = machine.residue.get(uid);
  if (found) found.add(what);
  else machine.residue.set(uid, new Set([what]));
}

/** Nothing of any tenant is on it. */
export function isClean(machine: Machine): boolean {
  return machine.accounts.size === 0 && machine.residue.size === 0;
}
