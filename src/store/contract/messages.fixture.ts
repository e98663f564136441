import { beforeEach, expect } from 'vitest';
import type { NoticeType } from '../../core/history/notice.ts';
import type { AttemptEnd, DueDelivery } from '../../core/ports/delivery.ts';
import { aRental } from '../../core/rows.fixture.ts';
import { viewRental } from '../../core/view/rental-view.ts';
import type { ContractBench } from './contract.fixture.ts';
import { event, newRental, now, rentalSpec } from './samples.fixture.ts';

export const HOOK = 'https://client.example/hook';
export const later = (ms: number) => new Date(now.getTime() + ms);
export const DELIVERED = { kind: 'delivered' as const, at: now };
export const DEAD = { kind: 'dead' as const, at: now, error: 'it answered 500' };

/** A message's body, which shows the fence number as its epoch. */
export const bodyOf = (type: NoticeType, fence: number) => ({
  type,
  timestamp: now.toISOString(),
  data: { ...viewRental(aRental(), () => undefined), reason: 'Test', message: `fence ${fence}` },
});

export const told = (rentalId: string, type: NoticeType, tenant = 't') =>
  event({
    type,
    rentalId,
    tenant,
    at: now,
    notice: { type, url: HOOK, body: (fence) => bodyOf(type, fence) },
  });

/** Two rentals with a webhook before each test, and what the tests of messages do with them. */
export function useMessages(bench: ContractBench) {
  async function make(id: string, tenant = 't'): Promise<void> {
    const rental = newRental(id, { tenant, spec: { ...rentalSpec, webhookUrl: HOOK } });
    await bench.store.createRental(rental, event({ type: 'rental.created', rentalId: id, tenant }));
  }
  beforeEach(async () => {
    for (const id of ['r_1', 'r_2']) await make(id);
  });
  const tell = (...events: ReturnType<typeof told>[]) => bench.store.save(bench.leader, { events });
  const due = (at = now) => bench.store.listDueDeliveries(at, 100);
  const list = async (tenant: string | null = null) =>
    (await bench.store.listDeliveries(tenant, { state: null, rentalId: null }, { limit: 100, cursor: null }))
      .items;
  async function claim(delivery: DueDelivery | undefined, until = later(10_000)) {
    if (!delivery) throw new Error('nothing is due');
    const claimed = await bench.store.claimDelivery(bench.leader, delivery, until);
    if (claimed === null || claimed === 'deposed') throw new Error(`not claimed: ${claimed}`);
    return claimed;
  }
  const end = async (delivery: DueDelivery | undefined, outcome: AttemptEnd) =>
    bench.store.endAttempt(await claim(delivery), outcome);
  /** Ends the rental and deletes it. */
  async function forget(id: string): Promise<void> {
    const rental = await bench.store.loadRental(id);
    if (!rental) throw new Error(`no rental ${id}`);
    const record = { ...rental.record, phase: 'Released' as const, endedAt: later(-2) };
    const change = { id, record, seenGeneration: rental.generation, seenReleaseRequested: false };
    await bench.store.save(bench.leader, { rentals: [change], events: [] });
    const never = new Date(0);
    const others = { eventsBefore: never, deliveredBefore: never, deadBefore: never };
    await bench.store.purge(bench.leader, { rentalsEndedBefore: later(-1), ...others, limit: 9 });
    expect(await bench.store.loadRental(id)).toBeNull();
  }
  return { make, tell, due, list, claim, end, forget };
}
