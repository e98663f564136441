import type { FailureReason } from '../core/failure/remedy.ts';
import type { NodeTarget } from '../core/ports/node-access.ts';
import type { PlaybookRequest, PlaybookResult, PlaybookRunner } from '../core/ports/playbooks.ts';
import type { Chance } from './chance.ts';
import type { Machine } from './machine.ts';
import { Refusal, type Step, stepsOf } from './modules.ts';
import type { Process } from './process.ts';
import { answers, machineOf, type Quirk, reaches, type World } from './world.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const LOCK_WAIT_MS = 60_000;

/** One run in flight. What the machine does goes on by itself, whether or not anybody still waits for it. */
interface Journey {
  world: World;
  chance: Chance;
  process: Process;
  machine: Machine;
  request: PlaybookRequest;
  quirk: Quirk | null;
  /** Nobody waits for it any more: it was given up, it exceeded its deadline, or its daemon is dead. */
  isGivenUp: () => boolean;
  /** Killing Ansible does not always end what already runs on the machine. */
  survives: boolean;
  answer: (result: PlaybookResult) => void;
}

/** Ansible as a daemon sees it: orders travel, are carried out in steps under the machine's lock, and answered. */
export function createSimulatedPlaybooks(world: World, process: Process, chance: Chance): PlaybookRunner {
  return {
    run(target, request, options) {
      // Checked now, and not when it leaves a process that was stopped at this very moment: an order that leaves
      // late is for the machine's fence to refuse.
      if (!process.isKilled()) world.invariants.checkOrder(process.name, target.name, request);
      return process.call(() => startRun({ world, process, chance }, target, request, options));
    },
    close: async () => undefined,
  };
}

function startRun(
  { world, process, chance }: Pick<Journey, 'world' | 'process' | 'chance'>,
  target: NodeTarget,
  request: PlaybookRequest,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<PlaybookResult> {
  const machine = machineOf(world, target.name);
  const quirk = world.quirks.get(target.name)?.shift() ?? null;
  if (quirk) world.tally.count(`Ansible ${quirk}`);
  return new Promise((resolve) => {
    let isOver = false;
    const end = (result: PlaybookResult) => {
      if (isOver) return;
      isOver = true;
      cancel();
      signal.removeEventListener('abort', giveUp);
      resolve(result);
    };
    const giveUp = () => end(failed('PlaybookKilled', 'it was given up and was killed', true));
    const overdue = () => {
      world.tally.count('run over its deadline');
      end(failed('PlaybookTimeout', `it ran over its ${timeoutMs} ms and was killed`, true));
    };
    const cancel = world.time.after(timeoutMs, overdue);
    signal.addEventListener('abort', giveUp, { once: true });
    const journey: Journey = {
      world,
      chance,
      process,
      machine,
      request,
      quirk,
      isGivenUp: () => isOver || process.isKilled(),
      survives: chance.isLucky(0.5),
      answer: (result) => {
        // Lost on the way back: the caller waits until its deadline.
        if (quirk === 'lostReply' || !answers(world, process, machine)) return;
        end(result);
      },
    };
    const delayMs = quirk === 'late' ? chance.between(5_000, 90_000) : chance.between(200, 900);
    world.time.after(delayMs + machine.slowMs, () => arrive(journey, target, end));
  });
}

function arrive(journey: Journey, target: NodeTarget, end: (result: PlaybookResult) => void): void {
  const { world, process, machine, quirk } = journey;
  if (journey.isGivenUp() && quirk !== 'late') return;
  if (!reaches(world, process, machine) || machine.listenerDead) {
    world.time.after(machine.power === 'refusing' ? 0 : CONNECT_TIMEOUT_MS, () =>
      end(failed('PlaybookUnreachable', 'the node can not be reached', false)),
    );
    return;
  }
  if (target.hostKey !== machine.hostKey) {
    end(failed('HostKeyChanged', 'the node offers another host key', false));
    return;
  }
  if (quirk === 'fails') {
    journey.answer(failed('PlaybookFailed', 'a task failed', true));
    return;
  }
  if (journey.isGivenUp()) world.tally.count('a late order arrived');
  takeLock(journey);
}

/** One module at a time on a machine. */
function takeLock(journey: Journey): void {
  const { world, machine } = journey;
  const { lock, boots } = machine;
  let isWaiting = true;
  const begin = () => {
    if (!isWaiting || machine.boots !== boots) return false;
    isWaiting = false;
    lock.holder = journey;
    runModule(journey, () => {
      lock.holder = null;
      while (lock.queue.length > 0 && lock.holder === null) lock.queue.shift()?.();
    });
    return true;
  };
  if (lock.holder === null) {
    begin();
    return;
  }
  lock.queue.push(begin);
  world.time.after(LOCK_WAIT_MS, () => {
    if (!isWaiting) return;
    isWaiting = false;
    journey.answer(failed('AccountLockHeld', 'another order still runs on the node', false));
  });
}

/** Does the steps of a module, one after the other, unless it is cut off between two of them. */
function runModule(journey: Journey, release: () => void): void {
  const { world, chance, machine, request, quirk, process } = journey;
  const findings: string[] = [];
  const steps = stepsOf(request, findings);
  const { boots } = machine;
  const breaksAt = quirk === 'half' || quirk === 'hangs' ? chance.between(1, steps.length - 1) : -1;
  let index = 0;

  function end(result: PlaybookResult | null): void {
    const isCutOff = result === null || (!result.ok && result.outcomeUnknown);
    const isHalf = request.playbook === 'create_user' && index > 1 && index < steps.length;
    if (isCutOff && isHalf) world.tally.count('an account was half made');
    if (findings.length > 0) world.tally.count('verification found something');
    release();
    const { fenceSeen, uidSeen } = machine;
    if (result) journey.answer({ ...result, fenceSeen, uidSeen });
  }

  function next(): void {
    // The machine went down under it, and its lock with it.
    if (machine.boots !== boots) return;
    const isCutOff = journey.isGivenUp() && !journey.survives && quirk !== 'late';
    const step = steps[index];
    if (machine.frozen) world.time.after(500, next);
    else if (isCutOff) end(null);
    else if (index === breaksAt && quirk === 'hangs' && !journey.isGivenUp()) world.time.after(1_000, next);
    else if (index === breaksAt) end(failed('PlaybookFailed', 'it was cut off', true));
    else if (step === undefined)
      end({ ok: true, changed: true, fenceSeen: 0, uidSeen: 0, findings, removed: [] });
    else perform(step);
  }

  function perform(step: Step): void {
    index++;
    try {
      step(machine);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      world.tally.count(`module refused: ${error.reason}`);
      if (error.reason === 'FenceTooLow') world.tally.count('an order was refused by its fence number');
      end(failed(error.reason, error.message, false));
      return;
    }
    world.trace?.(
      `${machine.name}: step ${index} of ${request.playbook}, fence ${request.fence}, for ${process.name}`,
    );
    world.invariants.checkEffect(machine, request);
    world.time.after(chance.between(1, 60), next);
  }

  next();
}

function failed(
  reason: FailureReason,
  message: string,
  outcomeUnknown: boolean,
): Extract<PlaybookResult, { ok: false }> {
  return { ok: false, reason, task: null, message, fenceSeen: null, uidSeen: null, outcomeUnknown };
}
