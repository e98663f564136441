import { type Attribution, describeAttribution } from '../model/controls.ts';
import type { AcceptRequest, Difference } from '../model/differences.ts';
import type { Node, NodeRecord } from '../model/node.ts';
import { accepts, isDeadState } from '../model/node-states.ts';
import type { Acceptance } from '../model/work.ts';
import type { Step } from './decision.ts';
import type { NodeInputs } from './inputs.ts';

type Asked = Pick<Node, 'requests' | 'record'>;

/** The request to accept differences that no verification has applied yet; null: none. */
export function openAcceptance({ requests, record }: Asked): AcceptRequest | null {
  return requests.acceptRequested > record.acceptSeen ? requests.accept : null;
}

/** What an open request adds to the next verification. */
export function acceptanceOf(asked: Asked): { accept?: Acceptance } {
  const open = openAcceptance(asked);
  return open === null ? {} : { accept: { ids: open.ids, request: asked.requests.acceptRequested } };
}

/** The recorded differences that a request names. */
export function namedIn(
  { differences }: Pick<NodeRecord, 'differences'>,
  ids: readonly string[],
): Difference[] {
  return (differences?.items ?? []).filter(({ id }) => ids.includes(id));
}

/** The text for the history: the author, the reason, and every accepted difference. */
export function describeAcceptance(
  attribution: Pick<Attribution, 'by' | 'reason'>,
  differences: readonly Difference[],
): string {
  return `${describeAttribution(attribution)}; ${differences.map(({ kind, text }) => `${kind}: ${text}`).join('; ')}`;
}

/** Why the request is refused, with what to do instead; null when it is not. */
export function whyNotAccepted(
  { requests, record }: Asked,
  { ids, reason, by }: AcceptRequest,
): string | null {
  const open = openAcceptance({ requests, record });
  if (open !== null) {
    const isSame = open.reason === reason && open.by === by && open.ids.join() === ids.join();
    return isSame
      ? null
      : `what was accepted ${describeAttribution(open)} is still being added to the baseline; try again afterwards`;
  }
  if (isDeadState(record.state)) return 'it is dead; try again when it answers';
  if (record.differences === null) return 'nothing was found on it that could be accepted';
  if (!accepts(record.state, 'accept')) return `it is ${record.state}`;
  const unknown = ids.length - namedIn(record, ids).length;
  return unknown === 0
    ? null
    : `${unknown} of ${ids.length} no longer match what is found on it; list them again`;
}

/**
 * Records the differences that a verification found. A request is done once a verification has applied it, even if
 * none of the named differences was left.
 */
export function noteDifferences(record: NodeRecord, { node, run }: Pick<NodeInputs, 'node' | 'run'>): Step {
  const outcome = run?.outcome;
  if (run?.work.kind !== 'clean' || (outcome?.kind !== 'done' && outcome?.kind !== 'failed'))
    return { record };
  const { accept } = run.work;
  const isVerified = outcome.kind === 'done' || outcome.reason === 'LimitNotHeld';
  const seen = outcome.kind === 'done' ? (outcome.differences ?? null) : null;
  const next = isVerified ? { ...record, differences: seen } : record;
  if (!accept || !outcome.accepted || accept.request <= record.acceptSeen) return { record: next };
  const { accepted } = outcome;
  const attribution = node.requests.accept;
  const what = accepted.length > 0 ? accepted.join('; ') : 'none of it is there now';
  const many = `${accepted.length} of ${accept.ids.length} added to the baseline`;
  const message = `${many}${attribution === null ? '' : `, ${describeAttribution(attribution)}`}; ${what}`;
  return {
    record: { ...next, acceptSeen: accept.request },
    events: [{ type: 'node.accepted', reason: 'DifferencesAccepted', message }],
  };
}
