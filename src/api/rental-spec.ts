import { createHash } from 'node:crypto';
import { formatDuration } from '../core/duration.ts';
import type { RentalSpec } from '../core/rental.ts';
import { invalidInput, ProblemError } from './problem.ts';
import type { NewRentalInput, RentalPatch } from './rental-schema.ts';

export interface LeasePolicy {
  defaultMs: number;
  maxMs: number;
}

/** A whole spec from what the client gave. `kept` stands in for fields whose default may differ with time. */
export function toRentalSpec(
  input: NewRentalInput,
  lease: LeasePolicy,
  kept: { ttlMs?: number; whenFull: 'queue' | 'reject' },
): RentalSpec {
  return {
    sshPublicKey: input.sshPublicKey,
    selector: { matchLabels: input.selector?.matchLabels ?? {}, zone: input.selector?.zone ?? null },
    ttlMs: input.ttl === undefined ? (kept.ttlMs ?? lease.defaultMs) : checkTtl(input.ttl, lease),
    whenFull: input.whenFull ?? kept.whenFull,
    onNodeLoss: {
      action: input.onNodeLoss?.action ?? 'migrate',
      afterMs: input.onNodeLoss?.after ?? 0,
    },
    webhookUrl: input.webhookUrl ?? null,
    labels: input.labels ?? {},
  };
}

export function patchRentalSpec(spec: RentalSpec, patch: RentalPatch, lease: LeasePolicy): RentalSpec {
  const labels = { ...spec.labels };
  for (const [key, value] of Object.entries(patch.labels ?? {})) {
    if (value === null) delete labels[key];
    else labels[key] = value;
  }
  if (Object.keys(labels).length > 32) throw invalidInput('labels', 'must be at most 32');
  return {
    ...spec,
    sshPublicKey: patch.sshPublicKey ?? spec.sshPublicKey,
    ttlMs: patch.ttl === undefined ? spec.ttlMs : checkTtl(patch.ttl, lease),
    onNodeLoss: {
      action: patch.onNodeLoss?.action ?? spec.onNodeLoss.action,
      afterMs: patch.onNodeLoss?.after ?? spec.onNodeLoss.afterMs,
    },
    webhookUrl: patch.webhookUrl === undefined ? spec.webhookUrl : patch.webhookUrl,
    labels,
  };
}

/** What a rental was placed by can't change under it. */
export function checkImmutable(old: RentalSpec, next: RentalSpec): void {
  const changed = (['selector', 'whenFull'] as const).filter((field) => !isSame(old[field], next[field]));
  if (changed.length === 0) return;
  const message = 'cannot be changed; release the rental and make another one';
  throw new ProblemError('immutable_field', `${changed.join(' and ')} ${message}`, {
    errors: changed.map((path) => ({ path, message })),
  });
}

export function isSame(one: unknown, other: unknown): boolean {
  return canonicalJson(one) === canonicalJson(other);
}

/** Tells a repeated request from another one under the same Idempotency-Key. */
export function hashRequest(route: string, body: unknown): string {
  return createHash('sha256')
    .update(`${route}\n${canonicalJson(body)}`)
    .digest('hex');
}

function checkTtl(ttlMs: number, lease: LeasePolicy): number {
  if (ttlMs <= lease.maxMs) return ttlMs;
  throw invalidInput('ttl', `must be at most ${formatDuration(lease.maxMs)}`);
}

/** Keys in one order, so that equal values are equal texts. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
