import { isDeepStrictEqual } from 'node:util';
import type { Actor } from '../../core/history/actor.ts';
import type { EventType, NewEvent } from '../../core/history/event.ts';
import type { Node } from '../../core/model/node.ts';
import type { Policy } from '../../core/model/policy.ts';
import { NEW_RENTAL_RECORD, type Rental, type RentalSpec, SPEC_DEFAULTS } from '../../core/model/rental.ts';
import { leaseOf } from '../../core/tenant/tenant.ts';
import { formatDuration } from '../../core/text/duration.ts';
import { refuseWebhookUrl } from '../../core/text/webhook-url.ts';
import { viewRental } from '../../core/view/rental-view.ts';
import type { ApiDeps } from '../app-env.ts';
import { invalidInput, ProblemError } from '../problem.ts';
import type { SpecChange, SpecInput } from '../schemas/rental.ts';
import type { Idempotency } from './idempotency.ts';
import { createAccount, createRentalId, createRentalName } from './names.ts';
import { loadNodes } from './reads.ts';

type Lease = Policy['lease'];

/** The lengths of a tenant's leases, by the policy and the tenant's own limit. */
export async function loadLease({ store, policy }: ApiDeps, tenant: string): Promise<Lease> {
  return leaseOf(policy, await store.loadLimits(tenant));
}

/** Turns a client's input into a spec, with defaults for what was left out. */
export function specOf(
  { name: _, ...input }: SpecInput & { sshPublicKey: string },
  lease: Lease,
): RentalSpec {
  const { sshPublicKey, ttl = lease.defaultMs } = input;
  return patchSpec({ ...SPEC_DEFAULTS, sshPublicKey, ttlMs: ttl }, { ...input, ttl }, lease);
}

/** The spec with what the client changes. What was left out stays as it is. */
export function patchSpec(spec: RentalSpec, change: SpecChange, lease: Lease): RentalSpec {
  const { ttl, selector, onNodeLoss, ...others } = change;
  return {
    ...spec,
    ...others,
    selector: { ...spec.selector, ...selector },
    ttlMs: ttl === undefined ? spec.ttlMs : checkTtl(ttl, lease),
    onNodeLoss: {
      action: onNodeLoss?.action ?? spec.onNodeLoss.action,
      afterMs: onNodeLoss?.after ?? spec.onNodeLoss.afterMs,
    },
  };
}

function checkTtl(ttlMs: number, { maxMs }: Lease): number {
  if (ttlMs <= maxMs) return ttlMs;
  throw invalidInput('ttl', `expected at most ${formatDuration(maxMs)}`);
}

/** A first check. The call itself checks again, including where the name leads. */
function checkWebhook({ webhooks }: ApiDeps, url: string | null): void {
  if (url === null) return;
  if (!webhooks.secretOf) {
    throw invalidInput(
      'webhookUrl',
      'cannot be used: this Orion has no ORION_WEBHOOK_KEY to sign messages with',
    );
  }
  const refusal = refuseWebhookUrl(url, webhooks.allowed);
  if (refusal === null) return;
  throw invalidInput(
    'webhookUrl',
    `${refusal}, unless the operator allows it (ORION_WEBHOOK_ALLOW, with http: for plain http)`,
  );
}

/** Stores a new rental, or finds the one that an earlier try stored under the same Idempotency-Key. */
export async function createRental(
  deps: ApiDeps,
  wanted: { tenant: string; name: string | undefined; spec: RentalSpec; actor: Actor },
  idempotency: Idempotency,
): Promise<{ rental: Rental; isReplay: boolean }> {
  const { store, clock, wake } = deps;
  const { tenant, spec, actor } = wanted;
  checkWebhook(deps, spec.webhookUrl);
  const createdAt = clock.now();
  const fresh: Rental = {
    id: createRentalId(),
    tenant,
    name: wanted.name ?? createRentalName(),
    account: createAccount(),
    generation: 1,
    createdAt,
    renewedAt: null,
    releaseRequestedAt: null,
    spec,
    record: NEW_RENTAL_RECORD,
    placements: [],
  };
  const { id, name, account } = fresh;
  const result = await store.createRental(
    {
      id,
      tenant,
      name,
      account,
      spec,
      createdAt,
      idempotencyKey: idempotency.key,
      requestHash: idempotency.requestHash,
    },
    eventOf('rental.created', fresh, createdAt, 'a machine was requested', actor),
  );
  switch (result.kind) {
    case 'created':
      wake?.();
      return { rental: (await store.findRental(tenant, id)) ?? fresh, isReplay: false };
    case 'replayed':
      return { rental: result.rental, isReplay: true };
    case 'keyReused':
      throw new ProblemError(
        'idempotency_key_reused',
        'use a different Idempotency-Key for a different request',
      );
    case 'overQuota': {
      const { maxRentals: allowed, rentals: used } = result;
      const detail = `tenant ${tenant} has ${used} of at most ${allowed} rentals; release one, or wait until one ends`;
      throw new ProblemError('quota_exceeded', detail, { quota: { limit: 'maxRentals', allowed, used } });
    }
    case 'exists':
      throw new ProblemError(
        'name_taken',
        `the name ${name} is taken by ${result.rental.id}, which has not ended`,
      );
  }
}

/** Writes a changed spec. An unchanged one is not written. */
export async function changeSpec(
  deps: ApiDeps,
  rental: Rental,
  spec: RentalSpec,
  options: { renew: boolean; actor: Actor },
): Promise<Rental> {
  const { store, clock, wake } = deps;
  if (rental.record.endedAt !== null || rental.releaseRequestedAt !== null) {
    throw new ProblemError('rental_ended', 'the rental has ended or is ending');
  }
  // A URL that the operator no longer allows must not prevent a renewal.
  if (spec.webhookUrl !== rental.spec.webhookUrl) checkWebhook(deps, spec.webhookUrl);
  // The order of labels has no meaning.
  if (isDeepStrictEqual(spec, rental.spec) && !options.renew) return rental;
  const now = clock.now();
  const renewedAt = options.renew ? now : rental.renewedAt;
  const next = { ...rental, spec, generation: rental.generation + 1, renewedAt };
  const event = eventOf(
    'rental.updated',
    next,
    now,
    options.renew ? 'the lease was renewed' : 'the spec was changed',
    options.actor,
    await loadNodes(deps, [next]),
  );
  const written = await store.updateRentalSpec(rental.id, rental.generation, spec, {
    renewedAt: options.renew ? now : null,
    event,
  });
  if (!written)
    throw new ProblemError('conflict', 'the rental was changed concurrently; read it and try again');
  wake?.();
  return (await store.findRental(rental.tenant, rental.id)) ?? next;
}

/** Requests the release. Repeating it is harmless. */
export async function requestRelease(deps: ApiDeps, rental: Rental, actor: Actor): Promise<Rental> {
  const { store, clock, wake } = deps;
  const now = clock.now();
  const next = { ...rental, releaseRequestedAt: rental.releaseRequestedAt ?? now };
  await store.requestRelease(
    rental.id,
    now,
    eventOf(
      'rental.release_requested',
      next,
      now,
      'the release was requested',
      actor,
      await loadNodes(deps, [next]),
    ),
  );
  wake?.();
  return (await store.findRental(rental.tenant, rental.id)) ?? next;
}

function eventOf(
  type: EventType,
  rental: Rental,
  at: Date,
  message: string,
  actor: Actor,
  nodeOf: (name: string) => Node | undefined = () => undefined,
): NewEvent {
  const { id, tenant } = rental;
  const object = viewRental(rental, nodeOf);
  return { type, at, rentalId: id, node: null, tenant, reason: 'Accepted', message, object, actor };
}
