import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { Rental } from '../../core/model/rental.ts';
import { leaseOf, type TenantLimits } from '../../core/tenant/tenant.ts';
import { parseDuration } from '../../core/text/duration.ts';
import { viewRental } from '../../core/view/rental-view.ts';
import { createKeyPair } from '../../secrets/key-pair.ts';
import type { ApiDeps, AppEnv } from '../app-env.ts';
import { withDeadline } from '../deadline.ts';
import { createRoute } from '../description/create-route.ts';
import { invalidInput, ProblemError } from '../problem.ts';
import { readIdempotency } from '../rental/idempotency.ts';
import { loadNodes } from '../rental/reads.ts';
import { createRental, specOf } from '../rental/writes.ts';
import { body, idempotencyHeader, json, LOCATION, problems } from '../respond.ts';
import { quickRentalSchema, rentedSchema } from '../schemas/rental.ts';

const MAX_WAIT_MS = 600_000;
const RETRY_AFTER_S = '30';

const route = createRoute({
  method: 'post',
  path: '/api/rent',
  operationId: 'rent',
  summary: 'Rent a machine and wait until it is ready for login',
  description:
    'Without `sshPublicKey`, as with an empty body, a key pair is generated, and only this answer carries its private half, as `privateKey`. When no machine is free, nothing is stored unless `queue` is true.',
  request: {
    headers: idempotencyHeader,
    query: z.strictObject({
      wait: z.string().default('60s').openapi({ example: '60s' }),
      queue: z.enum(['true', 'false']).default('false'),
    }),
    ...body(quickRentalSchema, false),
  },
  responses: {
    201: { ...json(rentedSchema, 'Ready for login'), ...LOCATION },
    202: { ...json(rentedSchema, 'Not ready when the wait ran out; see Location'), ...LOCATION },
    ...problems(
      'name_taken',
      'quota_exceeded',
      'idempotency_key_reused',
      'rental_ended',
      'too_many_waits',
      'unsatisfiable',
      'no_free_node',
    ),
  },
});

export function addRentRoute(app: OpenAPIHono<AppEnv>, deps: ApiDeps): void {
  app.openapi(route, async (c) => {
    const { wait, queue } = c.req.valid('query');
    const waitMs = parseDuration(wait);
    if (waitMs === null || waitMs > MAX_WAIT_MS)
      throw invalidInput('query wait', 'expected a duration up to 10m');
    const input = c.req.valid('json') ?? {};
    const whenFull = queue === 'true' ? 'queue' : 'reject';
    if (queue === 'true' && input.whenFull === 'reject')
      throw invalidInput('query queue', 'contradicts whenFull: reject');
    const { tenant } = c.var.principal;
    const limits = await deps.store.loadLimits(tenant);
    // Checked before anything is stored, since nobody would wait for it.
    const place = waitMs === 0 ? null : enterWait(c, deps, limits);
    const signal = place === null ? c.req.raw.signal : AbortSignal.any([c.req.raw.signal, place.signal]);
    try {
      const pair = input.sshPublicKey === undefined ? createKeyPair(input.name ?? 'orion') : null;
      const sshPublicKey = input.sshPublicKey ?? pair?.publicKey ?? '';
      const spec = specOf({ whenFull, ...input, sshPublicKey }, leaseOf(deps.policy, limits));
      const wanted = { tenant, name: input.name, spec, actor: c.var.actor };
      const asked = { ...input, whenFull: spec.whenFull };
      const { rental, isReplay } = await createRental(deps, wanted, readIdempotency(c, asked));
      const now = await settle(deps, rental, isReplay, withDeadline(signal, waitMs));
      // Not set when the request was refused: there is no such rental.
      c.header('Location', `/api/rentals/${rental.id}`);
      const nodeOf = await loadNodes(deps, [now]).catch(() => () => undefined);
      const view = viewRental(now, nodeOf);
      // A repeated request gets no private half: it was never stored.
      const answer = pair === null || isReplay ? view : { ...view, privateKey: pair.privateKey };
      return now.record.phase === 'Active' ? c.json(answer, 201) : c.json(answer, 202);
    } finally {
      place?.leave();
    }
  });
}

/** Takes one of the places for requests that this token may keep waiting at once. */
function enterWait(c: Context<AppEnv>, { watch }: ApiDeps, { maxWaits }: TenantLimits) {
  const place = watch.enter(c.var.credential, 'wait', maxWaits);
  if (place !== null) return place;
  const detail = `this token already waits for ${maxWaits} rentals, the most allowed; use wait=0s and watch the rental, or try again when one is ready`;
  throw new ProblemError('too_many_waits', detail, { headers: { 'Retry-After': '10' } });
}

/** The outcome of the wait. Throws when the rental was refused or is over. */
async function settle(
  deps: ApiDeps,
  rental: Rental,
  isReplay: boolean,
  signal: AbortSignal,
): Promise<Rental> {
  // The key pair exists only here: once the rental is stored, no failure may lose it.
  const settled = await untilSettled(deps, rental, signal).catch((error: unknown) => {
    deps.logger.warn({ err: error }, 'the wait for a rental was cut short');
    return rental;
  });
  if (settled === null || settled.record.phase === 'Failed') await refuse(deps, rental, settled);
  else if (isOver(settled)) refuseEnded(settled, isReplay);
  return settled ?? rental;
}

/**
 * The rental once it is Active or over, or as it is when the wait ends or the client leaves. Null: it is gone, for
 * instance because the same request was repeated and the other one found it rejected.
 */
async function untilSettled(
  { store, watch }: ApiDeps,
  rental: Rental,
  signal: AbortSignal,
): Promise<Rental | null> {
  const afterSeq = await store.lastEventSeq();
  const look = () => store.findRental(rental.tenant, rental.id);
  const isSettled = (now: Rental | null) => now === null || now.record.phase === 'Active' || isOver(now);
  let now = await look();
  if (isSettled(now)) return now;
  const filter = { rentalId: rental.id, node: null, type: null, afterSeq };
  for await (const _event of watch.follow(rental.tenant, filter, signal)) {
    now = await look();
    if (isSettled(now)) return now;
  }
  return await look();
}

function isOver({ record, releaseRequestedAt }: Rental): boolean {
  return record.endedAt !== null || record.phase === 'Releasing' || releaseRequestedAt !== null;
}

/** No machine for a client that did not want to queue: nothing is kept. */
async function refuse({ store }: ApiDeps, { id, tenant }: Rental, now: Rental | null): Promise<never> {
  await store.discardRejected(id);
  const ready = now?.record.conditions.find(({ type }) => type === 'Ready');
  // If the rental is gone, the history still has the reason.
  const about = { rentalId: id, node: null, type: 'rental.failed', beforeSeq: null, limit: 1 };
  const reason = ready?.reason ?? (await store.listRecentEvents(tenant, about))[0]?.reason;
  if (reason === 'Unsatisfiable') {
    throw new ProblemError('unsatisfiable', 'no machine in the fleet can ever match the selector');
  }
  throw new ProblemError('no_free_node', 'no healthy free machine matches now; nothing was stored', {
    headers: { 'Retry-After': RETRY_AFTER_S },
  });
}

function refuseEnded({ id }: Rental, isReplay: boolean): never {
  throw new ProblemError(
    'rental_ended',
    isReplay
      ? `this Idempotency-Key created ${id}, which has ended or is ending; use a new key for another machine`
      : `${id} was released during the wait`,
  );
}
