import { expect, it } from 'vitest';
import { aNode, aPlacement, aRental, NOW } from '../rows.fixture.ts';
import { applyChange } from './change.ts';
import type { RentalDecision } from './decision.ts';

const decide = (change: RentalDecision['change']) => ({ change }) as RentalDecision;

it('a placement takes its node from free to provisioning, and the history of the node says so', () => {
  const rental = aRental({ id: 'r_1' });
  const node = aNode('w1', { record: { state: 'free', attempt: 2, nextUid: 7 } });
  const change = decide({ kind: 'bind', role: 'serving', node });
  const { save, events, placementsAfter } = applyChange(rental, change, NOW);
  expect(save.nodes).toMatchObject([
    { name: 'w1', record: { state: 'provisioning', stateSince: NOW, attempt: 0, nextUid: 8 } },
  ]);
  expect(save.bind).toMatchObject({ rentalId: 'r_1', node: 'w1', uid: 7 });
  expect(events).toMatchObject([
    { type: 'node.provisioning', node: 'w1', rentalId: null, message: 'access is being set up for r_1' },
  ]);
  expect(events[0]?.object).toMatchObject({ name: 'w1', status: { state: 'provisioning', rental: 'r_1' } });
  expect(placementsAfter(9)).toMatchObject([{ epoch: 9, node: 'w1' }]);
});

it('a promotion ends the old placement before the new one serves', () => {
  const [old, incoming] = [aPlacement(1, 'w1'), aPlacement(2, 'w2', { role: 'incoming' })];
  const rental = aRental({ placements: [old, incoming] });
  const change = decide({ kind: 'promote', incoming, old, endReason: 'NodeDead' });
  const { save, events } = applyChange(rental, change, NOW);
  expect(save.placements).toEqual([
    { epoch: 1, set: { endedAt: NOW, endReason: 'NodeDead' } },
    { epoch: 2, set: { role: 'serving' } },
  ]);
  expect(events).toEqual([]);
});
