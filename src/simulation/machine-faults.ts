import { DEFAULT_POLICY } from '../core/model/policy.ts';
import { type Machine, reboot } from './machine.ts';
import type { MachineFault } from './plan.ts';

/** Begins a fault. Returns a function that ends it. */
type Begin = (machine: Machine, fault: { forMs: number; nowMs: number }) => () => void;

/** Flapping is a series of other faults (faults.ts). */
export const MACHINE_FAULTS: Record<Exclude<MachineFault, 'flapping'>, Begin> = {
  off: (machine) => powerDown(machine, 'off'),
  refusing: (machine) => powerDown(machine, 'refusing'),
  /** Away so briefly that no probe may see it. */
  restart(machine) {
    reboot(machine);
    return () => undefined;
  },
  frozen(machine) {
    machine.frozen = true;
    return () => {
      machine.frozen = false;
    };
  },
  cut: (machine) => cut(machine, { there: true, back: true }),
  cutThere: (machine) => cut(machine, { there: true, back: false }),
  cutBack: (machine) => cut(machine, { there: false, back: true }),
  listener(machine) {
    machine.listenerDead = true;
    return () => {
      machine.listenerDead = false;
    };
  },
  slow(machine, { forMs }) {
    machine.slowMs = 3_000 + (forMs % 9_000);
    machine.strange = machine.slowMs >= DEFAULT_POLICY.probe.timeoutMs;
    return () => {
      machine.slowMs = 0;
      machine.strange = false;
    };
  },
  hostKey(machine, { forMs, nowMs }) {
    const { hostKey } = machine;
    machine.hostKey = `ssh-ed25519 ${machine.name}/${nowMs}`;
    machine.strange = true;
    return () => {
      // A lasting key change is a reinstalled machine; a passing one is a machine in the middle.
      if (forMs < 60_000) machine.hostKey = hostKey;
      machine.strange = false;
    };
  },
  failing(machine, { forMs }) {
    machine.failing = forMs > 20_000 ? 'DiskFull' : 'NoPython';
    return () => {
      machine.failing = null;
    };
  },
  removal(machine) {
    machine.removalLeaves = true;
    return () => {
      machine.removalLeaves = false;
    };
  },
};

function powerDown(machine: Machine, power: 'off' | 'refusing'): () => void {
  machine.power = power;
  return () => reboot(machine);
}

function cut(machine: Machine, directions: Machine['cut']): () => void {
  machine.cut = directions;
  return () => {
    machine.cut = { there: false, back: false };
  };
}
