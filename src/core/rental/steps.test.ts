import { expect, test } from 'vitest';
import { aNode, aPlacement, aRental, NOW } from '../rows.fixture.ts';
import type { PlacementChange } from './decision.ts';
import { measureStep } from './steps.ts';

const after = (seconds: number) => new Date(NOW.getTime() + seconds * 1_000);
const none: PlacementChange = { kind: 'none' };

function measure(
  placements: ReturnType<typeof aPlacement>[],
  change: PlacementChange,
  event: Parameters<typeof measureStep>[1]['event'],
  nodes = [aNode('w1'), aNode('w2')],
) {
  const rental = aRental({ createdAt: NOW, placements });
  const nodeOf = (name: string) => nodes.find(({ spec }) => spec.name === name);
  return measureStep(rental, { change, event }, nodeOf, after(10));
}

const bind: PlacementChange = { kind: 'bind', role: 'serving', node: aNode('w1') };

test('the wait for a first placement, and for no later one', () => {
  expect(measure([], bind, 'rental.placed')).toEqual({ kind: 'queueWait', durationMs: 10_000 });
  const given = aPlacement(1, 'w2', { endedAt: NOW });
  expect(measure([given], bind, 'rental.placed')).toBeNull();
});

test('from the placement to the first access; a recovery is none', () => {
  const serving = aPlacement(1, 'w1', { startedAt: after(8) });
  expect(measure([serving], none, 'rental.active')).toEqual({ kind: 'provisioning', durationMs: 2_000 });
  expect(measure([serving], none, 'rental.recovered')).toBeNull();
  expect(measure([serving], none, null)).toBeNull();
});

test('a move counts from the verdict; a planned one from its placement', () => {
  const old = aPlacement(1, 'w1');
  const incoming = aPlacement(2, 'w2', { role: 'incoming', startedAt: after(9) });
  const change: PlacementChange = { kind: 'promote', incoming, old, endReason: 'NodeDrained' };
  expect(measure([old, incoming], change, 'rental.migrated')).toEqual({
    kind: 'migration',
    planned: true,
    durationMs: 1_000,
  });
  const dead = aNode('w1', { record: { state: 'dead', stateSince: after(4) } });
  expect(measure([old, incoming], change, 'rental.migrated', [dead, aNode('w2')])).toEqual({
    kind: 'migration',
    planned: false,
    durationMs: 6_000,
  });
  expect(measure([old, incoming], change, 'rental.migrated', [])).toMatchObject({ planned: true });
});

test('a clock that went back makes no negative time', () => {
  const serving = aPlacement(1, 'w1', { startedAt: after(30) });
  expect(measure([serving], none, 'rental.active')).toEqual({ kind: 'provisioning', durationMs: 0 });
});
