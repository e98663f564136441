import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { isOwnError, OWN_FAULT } from '../core/failure/own-fault.ts';
import type { ProbeResult } from '../core/model/probe.ts';
import type { NodeTarget } from '../core/ports/node-access.ts';
import { classifyFailure, HostKeyRefused, type Name, StepError } from './failure.ts';
import { describeFailure } from './failure-text.ts';
import { computeFingerprint, parseHostKey } from './host-key.ts';

/** Converts an error to the port's failed probe. */
export function toFailedProbe(
  target: NodeTarget,
  error: unknown,
  hostKeyOwner: (hostKey: string) => string | null,
): ProbeResult {
  const { step, cause } = error instanceof StepError ? error : { step: 'dial' as const, cause: error };
  const address = `${target.host}:${target.port}`;
  const message = describeFailure(address, step, cause);
  const named = classifyFailure(step, cause);
  // The resolver hides why it failed: without a free file descriptor it can't resolve any name.
  const isOwn = named.reason === 'DnsFailed' && !canOpenFiles();
  const { reason, evidence }: Name = isOwn ? { ...named, reason: OWN_FAULT } : named;
  if (cause instanceof HostKeyRefused) {
    const blob = parseHostKey(cause.offered);
    const offeredFingerprint = blob === null ? null : computeFingerprint(blob);
    const offered = { offeredHostKey: cause.offered, offeredFingerprint };
    const owner = hostKeyOwner(cause.offered);
    if (owner === null || owner === target.name) return { ok: false, reason, message, evidence, ...offered };
    const described = describeFailure(address, step, `it is ${owner} that answers: ${cause.message}`);
    return { ok: false, reason: 'HostKeyOfOtherNode', message: described, evidence, ...offered };
  }
  // Whatever it is called elsewhere, the node itself answered: its host is alive, and no new client can log in.
  const isListener =
    step === 'listener' && !(['ProbeFailed', 'DnsFailed', 'NoRoute', OWN_FAULT] as string[]).includes(reason);
  const shown = isListener ? 'ListenerDead' : reason;
  return { ok: false, reason: shown, message, evidence, offeredHostKey: null, offeredFingerprint: null };
}

function canOpenFiles(): boolean {
  try {
    closeSync(openSync(devNull, 'r'));
    return true;
  } catch (error) {
    return !isOwnError(error);
  }
}
