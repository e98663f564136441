import { expect, test } from 'vitest';
import type { NewEvent } from '../../core/history/event.ts';
import { DEFAULT_LIMITS } from '../../core/tenant/tenant.ts';
import type { ContractBench } from './contract.fixture.ts';
import { event, newRental } from './samples.fixture.ts';

const changed: NewEvent = { ...event(), type: 'tenant.limits_changed' };

/** What tenants may have, and how much of it they have. */
export function testTenants(bench: ContractBench): void {
  test('a quota is one of its tenant, counts what has not ended, and a repeated request is none', async () => {
    await bench.store.setLimits('t', { maxRentals: 1 }, changed);
    const key = { idempotencyKey: 'key', requestHash: 'a'.repeat(64) };
    const make = (id: string, more: object = {}) => bench.store.createRental(newRental(id, more), event());
    expect((await make('r_1', key)).kind).toBe('created');
    expect(await make('r_2')).toEqual({ kind: 'overQuota', maxRentals: 1, rentals: 1 });
    expect(await make('r_3', key)).toMatchObject({ kind: 'replayed', rental: { id: 'r_1' } });
    expect((await make('r_4', { tenant: 'other' })).kind).toBe('created');
    await bench.store.setLimits('t', { maxRentals: null }, changed);
    expect((await make('r_5')).kind).toBe('created');
    // Lowering a quota takes nothing away.
    await bench.store.setLimits('t', { maxRentals: 1 }, changed);
    expect(await make('r_6')).toEqual({ kind: 'overQuota', maxRentals: 1, rentals: 2 });
  });

  test('limits are set one by one; whoever has none, a rental or a token is not listed', async () => {
    await bench.store.setLimits('b', { maxTtlMs: 7_200_000 }, changed);
    await bench.store.setLimits('b', { requestsPerMinute: 5 }, changed);
    await bench.store.createRental(newRental('r_1', { tenant: 'a' }), event());
    const token = { id: 't_1', name: null, hash: 'h', tenant: 'c', role: 'tenant' as const };
    await bench.store.createToken({ ...token, createdAt: event().at, expiresAt: null });
    expect(await bench.store.listTenants()).toEqual([
      { name: 'a', limits: DEFAULT_LIMITS, rentals: 1, updatedAt: null },
      {
        name: 'b',
        rentals: 0,
        updatedAt: changed.at,
        limits: { ...DEFAULT_LIMITS, maxTtlMs: 7_200_000, requestsPerMinute: 5 },
      },
      { name: 'c', limits: DEFAULT_LIMITS, rentals: 0, updatedAt: null },
    ]);
    expect(await bench.store.loadTenant('d')).toBeNull();
    expect(await bench.store.loadLimits('d')).toEqual(DEFAULT_LIMITS);
  });

  test('until it is set or lifted a limit is the default, and a lifted one stays lifted', async () => {
    const lifted = {
      maxRentals: null,
      maxTtlMs: null,
      requestsPerMinute: null,
      maxWaits: null,
      maxWatches: null,
    };
    for (let n = 0; n < 100; n++) await bench.store.createRental(newRental(`r_${n}`), event());
    const full = { kind: 'overQuota', maxRentals: 100, rentals: 100 };
    expect(await bench.store.createRental(newRental('r_over'), event())).toEqual(full);
    expect(await bench.store.loadTenant('t')).toMatchObject({ limits: DEFAULT_LIMITS, updatedAt: null });
    await bench.store.setLimits('t', lifted, changed);
    expect(await bench.store.loadLimits('t')).toEqual(lifted);
    expect((await bench.store.createRental(newRental('r_over'), event())).kind).toBe('created');
    await bench.store.setLimits('t', { maxTtlMs: 1 }, changed);
    expect(await bench.store.loadLimits('t')).toEqual({ ...lifted, maxTtlMs: 1 });
  });

  test('without any limit set, of many requests at once no more than the default get a rental', async () => {
    const asked = Array.from({ length: 120 }, (_, n) =>
      bench.store.createRental(newRental(`r_${n}`), event()),
    );
    const kinds = (await Promise.all(asked)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'created')).toHaveLength(100);
  });

  test('of many requests at once as many are let through as there are in the bucket, which fills by itself', async () => {
    expect(await bench.store.takeRequest('t')).toBeNull();
    await bench.store.setLimits('t', { requestsPerMinute: 6 }, changed);
    const budgets = await Promise.all(Array.from({ length: 20 }, () => bench.store.takeRequest('t')));
    expect(budgets.filter((budget) => budget?.isAllowed)).toHaveLength(6);
    const { waitMs = 0 } = budgets.find((budget) => !budget?.isAllowed) ?? {};
    expect(waitMs).toBeGreaterThan(0);
    expect(waitMs).toBeLessThanOrEqual(10_000);
  });
}
