import type { NodeTarget, ProbeResult } from '../core/ports.ts';
import { classifyFailure, HostKeyRefused, StepError } from './failure.ts';
import { describeFailure } from './failure-text.ts';
import { computeFingerprint, parseHostKey } from './host-key.ts';

/** A failed probe in the words of the port. */
export function toFailedProbe(
  target: NodeTarget,
  error: unknown,
  hostKeyOwner: (hostKey: string) => string | null,
): ProbeResult {
  const { step, cause } = error instanceof StepError ? error : { step: 'dial' as const, cause: error };
  const address = `${target.host}:${target.port}`;
  const message = describeFailure(address, step, cause);
  const { reason, evidence } = classifyFailure(step, cause);
  if (cause instanceof HostKeyRefused) {
    const blob = parseHostKey(cause.offered);
    const offeredFingerprint = blob === null ? null : computeFingerprint(blob);
    const offered = { offeredHostKey: cause.offered, offeredFingerprint };
    const owner = hostKeyOwner(cause.offered);
    if (owner === null || owner === target.name) return { ok: false, reason, message, evidence, ...offered };
    const described = describeFailure(address, step, `it is ${owner} that answers: ${cause.message}`);
    return { ok: false, reason: 'HostKeyOfOtherNode', message: described, evidence, ...offered };
  }
  // Whatever the node's own answer is called elsewhere: its host lives, and nobody new can log in.
  const isListener = step === 'listener' && !['ProbeFailed', 'DnsFailed', 'NoRoute'].includes(reason);
  const named = isListener ? 'ListenerDead' : reason;
  return { ok: false, reason: named, message, evidence, offeredHostKey: null, offeredFingerprint: null };
}
