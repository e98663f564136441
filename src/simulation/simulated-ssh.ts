import { setMaxListeners } from 'node:events';
import type { FailureReason } from '../core/failure/remedy.ts';
import type { ProbeResult } from '../core/model/probe.ts';
import type { AccessQuery, NodeTarget, Prober } from '../core/ports/node-access.ts';
import type { Chance } from './chance.ts';
import { bootIdOf, fingerprintOf, type Machine } from './machine.ts';
import type { Process } from './process.ts';
import { answers, machineOf, type World } from './world.ts';

interface Call {
  timeoutMs: number;
  signal: AbortSignal;
}

/** The result of a dial: how long it takes, and why it fails (null: it succeeds). */
interface Dial {
  afterMs: number;
  reason: FailureReason | null;
  evidence: 'strong' | 'weak';
}

function dial(world: World, process: Process, machine: Machine, target: NodeTarget, chance: Chance): Dial {
  // Most answers come at once: the rest are enough to try what a few milliseconds more can change.
  const latencyMs = (chance.isLucky(0.9) ? 0 : chance.between(1, 120)) + machine.slowMs;
  const said = (reason: FailureReason | null): Dial => ({ afterMs: latencyMs, reason, evidence: 'strong' });
  if (!world.isolated.has(process.name) && !machine.cut.there && !machine.cut.back) {
    if (machine.power === 'refusing') return said('ConnectionRefused');
    if (machine.listenerDead && !machine.frozen) return said('ListenerDead');
  }
  if (!answers(world, process, machine)) {
    return { afterMs: Number.POSITIVE_INFINITY, reason: 'DialTimeout', evidence: 'weak' };
  }
  return said(target.hostKey !== null && target.hostKey !== machine.hostKey ? 'HostKeyChanged' : null);
}

/** Waits for the dial, the deadline or the signal, whichever comes first. */
function wait(
  world: World,
  { afterMs }: Dial,
  { timeoutMs, signal }: Call,
): Promise<'done' | 'timeout' | 'aborted'> {
  if (signal.aborted) return Promise.resolve('aborted');
  if (afterMs === 0) return Promise.resolve('done');
  return new Promise((resolve) => {
    const end = (how: 'done' | 'timeout' | 'aborted') => {
      cancel();
      signal.removeEventListener('abort', onAbort);
      resolve(how);
    };
    // One signal ends the probes of a whole fleet, so it has many listeners.
    setMaxListeners(0, signal);
    const onAbort = () => end('aborted');
    const inTime = afterMs < timeoutMs;
    const cancel = world.time.after(Math.min(afterMs, timeoutMs), () => end(inTime ? 'done' : 'timeout'));
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

export function createSimulatedProber(world: World, process: Process, chance: Chance): Prober {
  const held = new Set<string>();
  const listeners: ((node: string) => void)[] = [];
  const onReset = (name: string) => {
    if (held.delete(name)) process.deliver(() => listeners.forEach((listener) => void listener(name)));
  };
  world.onReset.add(onReset);

  async function probe(target: NodeTarget, call: Call): Promise<ProbeResult> {
    const machine = machineOf(world, target.name);
    const found = dial(world, process, machine, target, chance);
    const how = await wait(world, found, call);
    const reason = how === 'done' ? found.reason : how === 'timeout' ? 'DialTimeout' : 'ProbeFailed';
    if (reason === null) {
      held.add(target.name);
      return { ok: true, hostKey: machine.hostKey, bootId: bootIdOf(machine), latencyMs: found.afterMs };
    }
    world.tally.count(`probe: ${reason}`);
    held.delete(target.name);
    const offeredHostKey = reason === 'HostKeyChanged' ? machine.hostKey : null;
    const offeredFingerprint = offeredHostKey && fingerprintOf(offeredHostKey);
    return {
      ok: false,
      reason,
      message: reason,
      evidence: found.evidence,
      offeredHostKey,
      offeredFingerprint,
    };
  }

  return {
    probe: (target, options) => process.call(() => probe(target, options), 'read'),
    onDropped: (listener) => void listeners.push(listener),
    forget: (node) => void held.delete(node),
    async close() {
      world.onReset.delete(onReset);
    },
  };
}

export function createSimulatedAccess(world: World, process: Process, chance: Chance): AccessQuery {
  async function ask(target: NodeTarget, account: string, publicKey: string, call: Call) {
    const machine = machineOf(world, target.name);
    const found = dial(world, process, machine, target, chance);
    const how = await wait(world, found, call);
    const reason = target.hostKey === null ? 'ProbeFailed' : how === 'done' ? found.reason : 'DialTimeout';
    if (reason !== null) return { kind: 'unknown', reason, message: reason } as const;
    const isAccepted = machine.accounts.get(account)?.key === publicKey;
    return { kind: isAccepted ? 'accepted' : 'refused' } as const;
  }
  return {
    isKeyAccepted: (target, account, publicKey, options) =>
      process.call(() => ask(target, account, publicKey, options), 'read'),
  };
}
