import type { NodeTarget, ProbeResult } from '../core/ports.ts';
import { classifyFailure, HostKeyRefused, StepError } from './failure.ts';
import { describeFailure } from './failure-text.ts';

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
    const offeredHostKey = cause.offered;
    const owner = hostKeyOwner(offeredHostKey);
    if (owner === null || owner === target.name)
      return { ok: false, reason, message, evidence, offeredHostKey };
    const described = describeFailure(address, step, `it is ${owner} that answers: ${cause.message}`);
    return { ok: false, reason: 'HostKeyOfOtherNode', message: described, evidence, offeredHostKey };
  }
  // Whatever the node's own answer is called elsewhere: its host lives, and nobody new can log in.
  const isListener = step === 'listener' && !['ProbeFailed', 'DnsFailed', 'NoRoute'].includes(reason);
  return { ok: false, reason: isListener ? 'ListenerDead' : reason, message, evidence, offeredHostKey: null };
}
