import type { NewEvent } from '../core/history/event.ts';
import { findCondition } from '../core/model/condition.ts';
import { isCleaningAsked, type Node } from '../core/model/node.ts';
import type { RentalSpec } from '../core/model/rental.ts';
import { isReturnHeld } from '../core/node/requests.ts';
import type { NodeRequest } from '../core/ports/nodes.ts';
import type { Chance } from './chance.ts';
import { leave } from './machine.ts';
import type { RentalRow } from './memory/tables.ts';
import { BROKEN_KEY } from './modules.ts';
import type { Action } from './plan.ts';
import type { World } from './world.ts';

/** A request as a client made it, to be repeated under the same key. */
interface Request {
  id: string;
  tenant: string;
  key: string;
  spec: RentalSpec;
}

/** Clients and operators: they write through the API's side of the store, and remember the answers. */
export interface Clients {
  perform(action: Action): Promise<void>;
  /** Renews all leases for so long that none ends by itself any more, and ends any pause. */
  settle(): Promise<void>;
  /**
   * What clients and operators do once all faults are over, such as accepting the host keys of reinstalled machines.
   */
  tend(): Promise<void>;
}

const REQUEST_EVENTS = {
  cordon: 'node.cordoned',
  uncordon: 'node.uncordoned',
  drain: 'node.draining',
  clean: 'node.clean_requested',
  forget: 'node.forget_requested',
  trust: 'node.trust_requested',
  adopt: 'node.adopt_requested',
  accept: 'node.accept_requested',
} as const;
const CONTROL_EVENTS = {
  pause: 'pool.paused',
  resume: 'pool.resumed',
  override: 'pool.override_requested',
} as const;
const WALL_MS = Date.parse('2026-05-04T12:00:00.000Z');

export function createClients(world: World, chance: Chance, wake: () => void): Clients {
  const { store, tally } = world;
  const requests: Request[] = [];
  /** Some operators clean a quarantined node themselves, others leave it to the slow retry. */
  const isDiligent = chance.isLucky(0.9);
  const now = () => new Date(WALL_MS + world.time.nowMs());
  const open = () => [...store.tables.rentals.values()].filter(({ record }) => record.endedAt === null);

  function event(
    type: NewEvent['type'],
    rental: { id: string; tenant: string } | null,
    node: string | null = null,
  ): NewEvent {
    const about = { rentalId: rental?.id ?? null, node, tenant: rental?.tenant ?? null, reason: 'Accepted' };
    return { type, at: now(), ...about, message: type, object: null };
  }

  async function send({ id, tenant, key, spec }: Request): Promise<void> {
    const account = `r${id.slice(2).padStart(8, '0')}`;
    const rental = { id, tenant, name: id.slice(2), account, spec, createdAt: now() };
    const result = await store.createRental(
      { ...rental, idempotencyKey: key, requestHash: key },
      event('rental.created', rental),
    );
    tally.count(`rent: ${result.kind}`);
    const given = 'rental' in result ? result.rental.id : id;
    if (
      result.kind === 'replayed' &&
      !requests.some((request) => request.key === key && request.id === given)
    ) {
      world.invariants.violate(`the request ${key} was answered with ${given}, which is another one's`);
    }
    world.invariants.promise(given);
  }

  async function rent(action: Action & { kind: 'rent' }): Promise<void> {
    const id = `r_${requests.length + 1}`;
    const spec: RentalSpec = {
      sshPublicKey: `ssh-ed25519 ${action.broken ? BROKEN_KEY : id}/1`,
      selector: { matchLabels: {}, zone: action.zone },
      ttlMs: action.ttlMs,
      whenFull: action.reject ? 'reject' : 'queue',
      onNodeLoss: { action: action.waits ? 'wait' : 'migrate', afterMs: action.graceMs },
      webhookUrl: `https://client.example/${id}`,
      labels: {},
    };
    const request = { id, tenant: action.tenant ?? 'lab', key: `key-${id}`, spec };
    requests.push(request);
    await send(request);
  }

  async function update(rental: RentalRow, spec: RentalSpec, renewedAt: Date | null): Promise<void> {
    if (rental.releaseRequestedAt !== null) return;
    const options = { renewedAt, event: event('rental.updated', rental) };
    await store.updateRentalSpec(rental.id, rental.generation, spec, options);
  }

  function requestOf(what: NodeRequest['kind'], { record }: Node): NodeRequest {
    if (what === 'trust') return { kind: what, fingerprint: String(record.offeredFingerprint) };
    if (what === 'adopt') return { kind: what, fleet: String(record.otherFleet) };
    if (what === 'accept') {
      const ids = (record.differences?.items ?? []).map(({ id }) => id);
      return { kind: what, accept: { ids, reason: 'seen', by: 'an operator', at: now() } };
    }
    if (what !== 'cordon' && what !== 'drain') return { kind: what };
    return { kind: what, attribution: { reason: null, by: 'an operator', at: now() } };
  }

  /** An operator makes a request for a node where it makes sense, if there is one. */
  async function request({ what, which }: { what: NodeRequest['kind']; which: number }): Promise<void> {
    const nodes = [...store.tables.nodes.values()].filter(
      ({ spec, record }) =>
        (what !== 'forget' || spec.retiring) &&
        (what !== 'adopt' || record.otherFleet !== null) &&
        (what !== 'accept' || record.differences !== null) &&
        (what !== 'trust' || record.offeredFingerprint !== null) &&
        (what !== 'clean' || record.state === 'quarantined' || isReturnHeld(record)),
    );
    const node = nodes[which % Math.max(nodes.length, 1)];
    if (node === undefined) return;
    const { name } = node.spec;
    const asked = requestOf(what, node);
    if (await store.writeRequest(name, asked, event(REQUEST_EVENTS[what], null, name)))
      tally.count(`request: ${what}`);
  }

  async function control(what: 'pause' | 'resume' | 'override'): Promise<void> {
    const attribution = { reason: null, by: 'an operator', at: now() };
    const request = what === 'resume' ? { kind: what } : { kind: what, ...attribution };
    if (await store.writeControl(request, event(CONTROL_EVENTS[what], null))) tally.count(`control: ${what}`);
  }

  /** A tenant works on the machine, and leaves things there. */
  function use(rental: RentalRow): void {
    for (const machine of world.machines.values()) {
      const account = machine.accounts.get(rental.account);
      if (account?.key !== rental.spec.sshPublicKey || machine.power !== 'on' || machine.frozen) continue;
      tally.count('client logged in');
      leave(machine, account.uid, chance.pick(['process', 'file', 'job']));
    }
  }

  return {
    async settle() {
      await control('resume');
      for (const rental of open()) await update(rental, { ...rental.spec, ttlMs: 86_400_000 }, now());
    },
    async tend() {
      // Clients who are told that their spec is at fault, or see that nothing comes of it, change it.
      for (const rental of open()) {
        const isSuspected = findCondition(rental.record.conditions, 'Ready')?.reason === 'RentalSuspected';
        const isSeenTo = rental.generation > rental.record.observedGeneration;
        const isBroken = rental.spec.sshPublicKey.includes(BROKEN_KEY);
        if (isSeenTo || !(isSuspected || isBroken)) continue;
        const sshPublicKey = `ssh-ed25519 ${rental.id}/${rental.generation + 1}`;
        await update(rental, { ...rental.spec, sshPublicKey }, null);
      }
      for (let which = 0; which < 3; which++) await request({ what: 'trust', which });
      // Where the policy wants it, a person has to declare a returned node well, once for each return.
      for (const node of store.tables.nodes.values()) {
        if (!isReturnHeld(node.record) || isCleaningAsked(node)) continue;
        const { name } = node.spec;
        await store.writeRequest(name, { kind: 'clean' }, event(REQUEST_EVENTS.clean, null, name));
      }
      if (isDiligent) await request({ what: 'clean', which: 0 });
    },
    async perform(action) {
      const rentals = open();
      const rental = 'which' in action ? rentals[action.which % Math.max(rentals.length, 1)] : undefined;
      switch (action.kind) {
        case 'rent':
          await rent(action);
          break;
        case 'repeat': {
          const request = requests[action.which % Math.max(requests.length, 1)];
          if (request) await send(request);
          break;
        }
        case 'release':
          if (rental) await store.requestRelease(rental.id, now(), event('rental.release_requested', rental));
          break;
        case 'renew':
          if (rental) await update(rental, rental.spec, now());
          break;
        case 'changeKey': {
          const sshPublicKey = `ssh-ed25519 ${rental?.id}/${(rental?.generation ?? 0) + 1}`;
          if (rental) await update(rental, { ...rental.spec, sshPublicKey }, null);
          break;
        }
        case 'use':
          if (rental) use(rental);
          return;
        case 'request':
          await request(action);
          break;
        case 'control':
          await control(action.what);
          break;
        default:
          return;
      }
      // The write was on some replica, which wakes its own loop if that leads; others find it by polling.
      if (chance.isLucky(0.5)) wake();
    },
  };
}
