import { expect, test } from 'vitest';
import type { NewEvent } from '../history/event.ts';
import type { Condition } from '../model/condition.ts';
import type { Rental } from '../model/rental.ts';
import { aNode, aPlacement, aRental, NOW } from '../rows.fixture.ts';
import type { RentalView } from '../view/rental-view.ts';
import type { RentalDecision } from './decision.ts';
import { describeRental, type RentalChange } from './events.ts';

const URL = 'https://client.example/hook';
const nodes = [
  aNode('a', { spec: { clientHost: 'a.example' } }),
  aNode('b', { spec: { clientHost: 'b.example' } }),
];
const [old, incoming] = [aPlacement(1, 'a'), aPlacement(2, 'b', { role: 'incoming' })];
const moving = aRental({
  spec: { webhookUrl: URL },
  record: { phase: 'Migrating' },
  placements: [old, incoming],
});

function describe(decision: Partial<RentalDecision>, set: Partial<RentalChange> = {}): NewEvent[] {
  const rental = set.rental ?? moving;
  const change = {
    rental,
    record: { ...rental.record, phase: decision.phase ?? rental.record.phase },
    decision: {
      change: { kind: 'none' },
      event: null,
      expiring: null,
      reason: 'Provisioned',
      message: 'm',
      ...decision,
    },
    placementsAfter: () => rental.placements,
    ...set,
  };
  return describeRental(change as RentalChange, (name) => nodes.find(({ spec }) => spec.name === name), NOW);
}
const bodyOf = (event: NewEvent | undefined, fence = 7) => event?.notice?.body(fence);

test('a move is reported to the client with the old and the new node, as in the history', () => {
  const placementsAfter = () => [
    { ...old, endedAt: NOW },
    { ...incoming, role: 'serving' as const },
  ];
  const promote = { kind: 'promote', incoming, old, endReason: 'NodeDead' } as const;
  const events = describe(
    { event: 'rental.migrated', phase: 'Active', change: promote },
    { placementsAfter },
  );
  expect(events).toHaveLength(1);
  expect(events[0]).toMatchObject({ type: 'rental.migrated', node: 'b', message: 'moved from a to b' });
  expect(events[0]?.notice).toMatchObject({ type: 'rental.migrated', url: URL });
  expect(bodyOf(events[0])).toMatchObject({
    type: 'rental.migrated',
    timestamp: NOW.toISOString(),
    data: {
      id: 'r_1',
      reason: 'Provisioned',
      message: 'moved from a to b',
      status: { phase: 'Active', node: 'b', connection: { host: 'b.example', user: 'rtest0001' } },
      previousConnection: { host: 'a.example', user: 'rtest0001' },
    },
  });
});

test('a message shows what the event shows, with the epoch that its save makes', () => {
  const [event] = describe(
    { event: 'rental.active', phase: 'Active' },
    { placementsAfter: (fence) => [aPlacement(fence, 'a')] },
  );
  const shown = (event as { object: (fence: number) => RentalView }).object(9);
  expect(shown.status.placements[0]?.epoch).toBe(9);
  expect(bodyOf(event, 9)?.data).toEqual({ ...shown, reason: 'Provisioned', message: 'm' });
});

test('a client hears only what they subscribed to and what concerns them', () => {
  const silent = aRental({ ...moving, spec: { webhookUrl: null } });
  const migrated = { event: 'rental.migrated', phase: 'Active' } as const;
  expect(describe(migrated, { rental: silent })).toEqual([
    expect.not.objectContaining({ notice: expect.anything() }),
  ]);
  expect(describe(migrated)[0]).toHaveProperty('notice');
  expect(describe({ event: 'rental.migrating' })[0]).not.toHaveProperty('notice');
  expect(describe({})[0]).toMatchObject({ type: 'rental.status' });
});

test('the coming end of the lease is an event of its own, beside another or alone', () => {
  const expiring = { message: 'the lease ends soon' };
  expect(describe({ expiring }).map(({ type, reason, message }) => [type, reason, message])).toEqual([
    ['rental.expiring', 'Expiring', 'the lease ends soon'],
  ]);
  const both = describe({ event: 'rental.recovered', phase: 'Active', expiring });
  expect(both.map(({ notice }) => notice?.type)).toEqual(['rental.active', 'rental.expiring']);
});

test('a look that changes nothing is no event', () => {
  expect(describe({}, { record: moving.record })).toEqual([]);
});

test('a rental that still waits for the same reason is no event again', () => {
  const waiting = (reason: Condition['reason']): Rental['record'] => ({
    ...moving.record,
    phase: 'Pending',
    conditions: [{ type: 'Ready', status: 'False', reason, message: 'm', lastTransitionTime: '' }],
  });
  const rental = { ...moving, record: waiting('NoFreeNode') };
  const typesFor = (record: Rental['record']) =>
    describe({ event: 'rental.waiting', phase: 'Pending' }, { rental, record }).map(({ type }) => type);
  expect(typesFor(rental.record)).toEqual([]);
  expect(typesFor({ ...waiting('NoFreeNode'), queuePosition: 2 })).toEqual(['rental.status']);
  expect(typesFor(waiting('Paused'))).toEqual(['rental.waiting']);
});

test('what the account of the rental did to its node is an event of its own, and no message', () => {
  const listenerFill = { node: 'a', connections: 97, at: NOW.toISOString(), isRepeated: false };
  const record = { ...moving.record, listenerFill };
  const message = expect.stringContaining('its account held 97 connections');
  expect(describe({}, { record })).toEqual([
    expect.objectContaining({ type: 'rental.status', reason: 'ListenerFilled', message }),
  ]);
  const lost = describe({ event: 'rental.lost', phase: 'Lost' }, { record: { ...record, phase: 'Lost' } });
  expect(lost.map(({ type }) => type)).toEqual(['rental.lost', 'rental.status']);
  expect(lost.map(({ notice }) => notice?.type)).toEqual(['rental.lost', undefined]);
});
