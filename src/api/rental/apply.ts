import { isDeepStrictEqual } from 'node:util';
import type { Actor } from '../../core/history/actor.ts';
import type { Policy } from '../../core/model/policy.ts';
import type { Rental, RentalSpec } from '../../core/model/rental.ts';
import type { ApiDeps } from '../app-env.ts';
import { ProblemError } from '../problem.ts';
import type { NewRentalInput } from '../schemas/rental.ts';
import type { Idempotency } from './idempotency.ts';
import { changeSpec, createRental, loadLease, specOf } from './writes.ts';

interface AppliedRental {
  tenant: string;
  name: string;
  input: NewRentalInput;
  actor: Actor;
}

const MAX_ATTEMPTS = 3;

/**
 * PUT: creates the rental of this name, or gives it this spec. A concurrent PUT is not this caller's mistake, so a
 * lost race is tried again.
 */
export async function applyRental(
  deps: ApiDeps,
  wanted: AppliedRental,
  idempotency: Idempotency,
): Promise<Rental> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await applyOnce(deps, wanted, idempotency);
    } catch (error) {
      const isRace =
        error instanceof ProblemError && (error.code === 'name_taken' || error.code === 'conflict');
      if (!isRace || attempts === MAX_ATTEMPTS) throw error;
    }
  }
}

async function applyOnce(
  deps: ApiDeps,
  { tenant, name, input, actor }: AppliedRental,
  idempotency: Idempotency,
): Promise<Rental> {
  const lease = await loadLease(deps, tenant);
  const old = await deps.store.findRental(tenant, name);
  if (old === null) {
    const spec = specOf(input, lease);
    return (await createRental(deps, { tenant, name, spec, actor }, idempotency)).rental;
  }
  const spec = specFor(old, input, lease);
  if (!isDeepStrictEqual(old.spec.selector, spec.selector) && old.placements.length > 0) {
    throw new ProblemError('immutable_field', 'selector: the rental already has a machine; release it first');
  }
  return await changeSpec(deps, old, spec, { renew: spec.ttlMs !== old.spec.ttlMs, actor });
}

/** The default ttl, of the policy or the tenant, may have changed since. So a spec without a ttl renews nothing. */
function specFor(old: Rental, input: NewRentalInput, lease: Policy['lease']): RentalSpec {
  const spec = specOf(input, lease);
  return input.ttl === undefined ? { ...spec, ttlMs: old.spec.ttlMs } : spec;
}
