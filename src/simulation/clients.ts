import { findCondition } from '../core/model/condition.ts';
import { type RentalSpec, SPEC_DEFAULTS } from '../core/model/rental.ts';
import type { Chance } from './chance.ts';
import { eventOf, wallNow } from './client-event.ts';
import { leave } from './machine.ts';
import type { RentalRow } from './memory/tables.ts';
import { BROKEN_KEY } from './modules.ts';
import { createOperators } from './operators.ts';
import type { Action } from './plan.ts';
import type { World } from './world.ts';

/** Clients and operators: they write through the API's side of the store, and remember the answers. */
export interface Clients {
  perform(action: Action): Promise<void>;
  /** Renews all leases for long enough that none expires any more, and ends any pause. */
  settle(): Promise<void>;
  /** What clients and operators do once all faults are over. */
  tend(): Promise<void>;
}

export function createClients(world: World, chance: Chance, wake: () => void): Clients {
  const operators = createOperators(world, chance.isLucky(0.9));
  const renting = createRenting(world);
  const { open, update } = renting;

  return {
    async settle() {
      await operators.control('resume');
      for (const rental of open())
        await update(rental, { ...rental.spec, ttlMs: 86_400_000 }, wallNow(world));
    },
    async tend() {
      // Clients change a spec that is reported as faulty or that does not work.
      for (const rental of open()) if (isAtFault(rental)) await renting.changeKey(rental);
      await operators.tend();
    },
    async perform(action) {
      const rentals = open();
      const rental = 'which' in action ? rentals[action.which % Math.max(rentals.length, 1)] : undefined;
      switch (action.kind) {
        case 'rent':
          await renting.rent(action);
          break;
        case 'repeat':
          await renting.repeat(action.which);
          break;
        case 'release':
          if (rental) await renting.release(rental);
          break;
        case 'renew':
          if (rental) await update(rental, rental.spec, wallNow(world));
          break;
        case 'changeKey':
          if (rental) await renting.changeKey(rental);
          break;
        case 'use':
          if (rental) use(rental, world, chance);
          return;
        case 'request':
          await operators.request(action.what, action.which);
          break;
        case 'control':
          await operators.control(action.what);
          break;
        default:
          return;
      }
      // The write was on some replica, which wakes its own loop if that leads; others find it by polling.
      if (chance.isLucky(0.5)) wake();
    },
  };
}

/** A request as a client made it, to be repeated under the same key. */
interface Request {
  id: string;
  tenant: string;
  key: string;
  spec: RentalSpec;
}

/** What clients do with rentals. */
function createRenting(world: World) {
  const { store, tally, invariants } = world;
  const requests: Request[] = [];

  async function send({ id, tenant, key, spec }: Request): Promise<void> {
    const account = `r${id.slice(2).padStart(8, '0')}`;
    const rental = { id, tenant, name: id.slice(2), account, spec, createdAt: wallNow(world) };
    const result = await store.createRental(
      { ...rental, idempotencyKey: key, requestHash: key },
      eventOf(world, 'rental.created', { rental }),
    );
    tally.count(`rent: ${result.kind}`);
    if (result.kind !== 'replayed') return;
    const given = result.rental.id;
    if (!requests.some((request) => request.key === key && request.id === given)) {
      invariants.violate(`the request ${key} was answered with ${given}, which is another one's`);
    }
  }

  async function update(rental: RentalRow, spec: RentalSpec, renewedAt: Date | null): Promise<void> {
    if (rental.releaseRequestedAt !== null) return;
    const options = { renewedAt, event: eventOf(world, 'rental.updated', { rental }) };
    await store.updateRentalSpec(rental.id, rental.generation, spec, options);
  }

  return {
    open: () => [...store.tables.rentals.values()].filter(({ record }) => record.endedAt === null),
    update,
    async rent(action: Action & { kind: 'rent' }): Promise<void> {
      const id = `r_${requests.length + 1}`;
      const request = { id, tenant: action.tenant ?? 'lab', key: `key-${id}`, spec: specOf(id, action) };
      requests.push(request);
      await send(request);
    },
    async repeat(which: number): Promise<void> {
      const request = requests[which % Math.max(requests.length, 1)];
      if (request) await send(request);
    },
    async release(rental: RentalRow): Promise<void> {
      const event = eventOf(world, 'rental.release_requested', { rental });
      await store.requestRelease(rental.id, wallNow(world), event);
    },
    async changeKey(rental: RentalRow): Promise<void> {
      const sshPublicKey = `ssh-ed25519 ${rental.id}/${rental.generation + 1}`;
      await update(rental, { ...rental.spec, sshPublicKey }, null);
    },
  };
}

function specOf(id: string, action: Action & { kind: 'rent' }): RentalSpec {
  return {
    ...SPEC_DEFAULTS,
    sshPublicKey: `ssh-ed25519 ${action.broken ? BROKEN_KEY : id}/1`,
    selector: { matchLabels: {}, zone: action.zone },
    ttlMs: action.ttlMs,
    whenFull: action.reject ? 'reject' : 'queue',
    onNodeLoss: { action: action.waits ? 'wait' : 'migrate', afterMs: action.graceMs },
    webhookUrl: `https://client.example/${id}`,
  };
}

/** Orion has processed the spec, and reports it as faulty or can't make it work. */
function isAtFault({ spec, generation, record }: RentalRow): boolean {
  const isSuspected = findCondition(record.conditions, 'Ready')?.reason === 'RentalSuspected';
  const isBroken = spec.sshPublicKey.includes(BROKEN_KEY);
  return generation <= record.observedGeneration && (isSuspected || isBroken);
}

/** A tenant works on the machine, and leaves things there. */
function use(rental: RentalRow, world: World, chance: Chance): void {
  for (const machine of world.machines.values()) {
    const account = machine.accounts.get(rental.account);
    if (account?.key !== rental.spec.sshPublicKey || machine.power !== 'on' || machine.frozen) continue;
    world.tally.count('client logged in');
    leave(machine, account.uid, chance.pick(['process', 'file', 'job']));
  }
}
