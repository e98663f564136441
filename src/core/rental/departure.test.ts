import { expect, it } from 'vitest';
import { aNode, aPlacement, aRental, NOW } from '../rows.fixture.ts';
import { orderDepartures } from './departure.ts';

const nodes = [
  aNode('alive', { record: { state: 'allocated' } }),
  aNode('dead', { record: { state: 'dead' } }),
  aNode('drained', { record: { state: 'allocated' }, requests: { draining: true } }),
];
const on = (id: string, node: string, lostMs: number | null = null, readyAt: Date | null = NOW) =>
  aRental({
    id,
    placements: [aPlacement(1, node, { readyAt })],
    record: { lostAt: lostMs === null ? null : new Date(NOW.getTime() + lostMs) },
  });

it('who has no access is moved before who only has to leave, and the longest lost first', () => {
  const rentals = [
    on('r_drained', 'drained'),
    on('r_justLost', 'dead'),
    on('r_lost', 'dead', 2_000),
    on('r_longLost', 'dead', 1_000),
    on('r_gone', 'forgotten', 3_000),
    on('r_well', 'alive'),
    on('r_first', 'dead', null, null),
  ];
  const ordered = orderDepartures(rentals, (name) => nodes.find(({ spec }) => spec.name === name));
  expect(ordered.map(({ id }) => id)).toEqual(['r_longLost', 'r_lost', 'r_gone', 'r_justLost', 'r_drained']);
});

it('who has a new place being prepared does not wait for one', () => {
  const moving = on('r_1', 'dead', 1_000);
  moving.placements.push(aPlacement(2, 'alive', { role: 'incoming', readyAt: null }));
  expect(orderDepartures([moving], (name) => nodes.find(({ spec }) => spec.name === name))).toEqual([]);
});
