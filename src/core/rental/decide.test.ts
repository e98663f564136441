import { describe, expect, it } from 'vitest';
import { CLOSED_BREAKER } from '../health/breaker.ts';
import type { Node } from '../model/node.ts';
import { DEFAULT_POLICY } from '../model/policy.ts';
import { aNode, aPlacement, aRental, NOW } from '../rows.fixture.ts';
import type { PlacementChoice } from '../scheduling/placement.ts';
import { decideRental } from './decide.ts';
import type { RentalInputs } from './decision.ts';

const later = (ms: number) => new Date(NOW.getTime() + ms);
const NONE: PlacementChoice = { kind: 'none', reason: 'NoFreeNode', undecided: false };
const a = aNode('a', { record: { state: 'allocated' } });
const dead = aNode('a', { record: { state: 'dead' } });
const b = aNode('b');

function decide(set: Partial<Omit<RentalInputs, 'nodeOf'>> & { nodes?: Node[] }) {
  const nodes = set.nodes ?? [a, b];
  return decideRental({
    rental: aRental(),
    breaker: CLOSED_BREAKER,
    isOverridden: () => false,
    pause: null,
    choose: () => NONE,
    turn: () => ({ isNow: true }),
    place: { position: 1, estimateAt: null },
    policy: DEFAULT_POLICY,
    now: NOW,
    ...set,
    nodeOf: (name) => nodes.find(({ spec }) => spec.name === name),
  });
}
const chooseB = (): PlacementChoice => ({ kind: 'node', node: b });
const served = aRental({ record: { phase: 'Active' }, placements: [aPlacement(1, 'a')] });

describe('a rental without a node', () => {
  it('is bound to the chosen one', () => {
    expect(decide({ choose: chooseB })).toMatchObject({
      phase: 'Provisioning',
      change: { kind: 'bind', role: 'serving', node: b },
    });
  });

  it('waits with its place in the queue, and is told about once', () => {
    const first = decide({ place: { position: 3, estimateAt: NOW } });
    expect(first).toMatchObject({
      phase: 'Pending',
      reason: 'NoFreeNode',
      place: { position: 3, estimateAt: NOW },
      event: 'rental.waiting',
    });
  });

  it('has no place in the queue when no node can ever match', () => {
    const choose = (): PlacementChoice => ({
      kind: 'none',
      reason: 'Unsatisfiable',
      undecided: false,
    });
    expect(decide({ choose })).toMatchObject({
      phase: 'Pending',
      reason: 'Unsatisfiable',
      place: null,
    });
  });

  it('ends at once when it did not want to wait', () => {
    const rental = aRental({ spec: { whenFull: 'reject' } });
    expect(decide({ rental })).toMatchObject({ phase: 'Failed', reason: 'Rejected', ended: true });
  });

  it('is not turned away by a daemon that has not looked at its nodes yet', () => {
    const rental = aRental({ spec: { whenFull: 'reject' } });
    const choose = (): PlacementChoice => ({ ...NONE, undecided: true }) as PlacementChoice;
    expect(decide({ rental, choose })).toMatchObject({ phase: 'Pending', ended: false });
  });

  it('pauses after two nodes failed it', () => {
    const failed = { endedAt: NOW, endReason: 'ProvisionFailed', readyAt: null };
    const rental = aRental({ placements: [aPlacement(1, 'a', failed), aPlacement(2, 'b', failed)] });
    expect(decide({ rental, choose: chooseB })).toMatchObject({
      phase: 'Pending',
      reason: 'ProvisionFailed',
    });
    expect(decide({ rental, choose: chooseB, now: later(60_000) }).change.kind).toBe('bind');
  });
});

describe('a rental on a node', () => {
  it('is Active with a lease that counts from when it was ready', () => {
    const decision = decide({ rental: served });
    expect(decision).toMatchObject({ phase: 'Active', event: null, change: { kind: 'none' } });
    expect(decision.expiresAt).toEqual(later(3_600_000));
  });

  it('keeps the lease of its first node over a move, until it is renewed', () => {
    const placements = [
      aPlacement(1, 'a', { endedAt: later(5_000), endReason: 'NodeDead' }),
      aPlacement(2, 'b', { readyAt: later(9_000) }),
    ];
    expect(decide({ rental: aRental({ placements }) }).expiresAt).toEqual(later(3_600_000));
    const renewed = aRental({ placements, renewedAt: later(60_000) });
    expect(decide({ rental: renewed }).expiresAt).toEqual(later(3_660_000));
  });

  it('is moved when the node is dead', () => {
    expect(decide({ rental: served, nodes: [dead, b], choose: chooseB })).toMatchObject({
      phase: 'Migrating',
      lostAt: NOW,
      change: { kind: 'bind', role: 'incoming', node: b },
    });
  });

  it('is Lost, and says why, when the node is dead and none is free', () => {
    expect(decide({ rental: served, nodes: [dead] })).toMatchObject({
      phase: 'Lost',
      reason: 'NoFreeNode',
      event: 'rental.lost',
      change: { kind: 'none' },
    });
  });

  it('is held where it is while the breaker is open', () => {
    const breaker = { ...CLOSED_BREAKER, open: true, message: '4 of 5' };
    const decision = decide({ rental: served, nodes: [dead, b], choose: chooseB, breaker });
    expect(decision).toMatchObject({ phase: 'Lost', reason: 'MigrationHeld', change: { kind: 'none' } });
  });

  it('may leave a living node while the breaker is open: the old access ends only when the new one is there', () => {
    const breaker = { ...CLOSED_BREAKER, open: true, message: '4 of 5' };
    for (const leaving of [{ requests: { draining: true } }, { spec: { retiring: true } }]) {
      const a = aNode('a', { record: { state: 'allocated' }, ...leaving });
      expect(decide({ rental: served, nodes: [a, b], choose: chooseB, breaker })).toMatchObject({
        phase: 'Migrating',
        change: { kind: 'bind', role: 'incoming' },
      });
      const gone = aNode('a', { record: { state: 'dead' }, ...leaving });
      expect(decide({ rental: served, nodes: [gone, b], choose: chooseB, breaker })).toMatchObject({
        reason: 'MigrationHeld',
        change: { kind: 'none' },
      });
    }
  });

  it('waits for its own node, or for a grace, as it asked to', () => {
    const patient = aRental({ ...served, spec: { onNodeLoss: { action: 'wait', afterMs: 0 } } });
    expect(decide({ rental: patient, nodes: [dead, b], choose: chooseB })).toMatchObject({
      reason: 'Waiting',
    });
    const grace = aRental({ ...served, spec: { onNodeLoss: { action: 'migrate', afterMs: 5_000 } } });
    const held = decide({ rental: grace, nodes: [dead, b], choose: chooseB });
    expect(held).toMatchObject({ phase: 'Lost', reason: 'Waiting', nextDueAt: later(5_000) });
    const over = aRental({ ...grace, record: { lostAt: NOW } });
    expect(decide({ rental: over, nodes: [dead, b], choose: chooseB, now: later(5_000) }).phase).toBe(
      'Migrating',
    );
  });

  it('waits for its turn when others are being moved, says so, and is looked at again then', () => {
    const turn = (isUrgent: boolean) => ({ isNow: false, at: isUrgent ? later(7_000) : null }) as const;
    expect(decide({ rental: served, nodes: [dead, b], choose: chooseB, turn })).toMatchObject({
      phase: 'Lost',
      reason: 'MigrationQueued',
      message: 'a is dead; at most 3 moves at once, and after those one more every 10s',
      event: 'rental.lost',
      change: { kind: 'none' },
      nextDueAt: later(7_000),
    });
    const drained = aNode('a', { record: { state: 'allocated' }, requests: { draining: true } });
    expect(decide({ rental: served, nodes: [drained, b], choose: chooseB, turn })).toMatchObject({
      phase: 'Active',
      reason: 'MigrationQueued',
      // When the expiry notice is due.
      nextDueAt: later(3_000_000),
    });
    // What it would wait for anyway is reported first.
    expect(decide({ rental: served, nodes: [dead], turn }).reason).toBe('NoFreeNode');
  });

  it('is Active again, and that is told, when its own node came back first', () => {
    const rental = aRental({ ...served, record: { phase: 'Lost', lostAt: NOW } });
    expect(decide({ rental })).toMatchObject({ phase: 'Active', event: 'rental.recovered', lostAt: null });
  });

  it('gives up a first node that dies before access was ever confirmed', () => {
    const rental = aRental({ placements: [aPlacement(1, 'a', { readyAt: null })] });
    expect(decide({ rental, nodes: [dead] })).toMatchObject({ phase: 'Pending', change: { kind: 'end' } });
  });

  it('keeps a first node, and one that it moves to, through a mass failure', () => {
    const breaker = { ...CLOSED_BREAKER, open: true, message: '4 of 5' };
    const first = aRental({ placements: [aPlacement(1, 'a', { readyAt: null })] });
    const held = { reason: 'MigrationHeld', change: { kind: 'none' } };
    expect(decide({ rental: first, nodes: [dead], breaker })).toMatchObject({
      ...held,
      phase: 'Provisioning',
    });
    const placements = [aPlacement(1, 'b'), aPlacement(2, 'a', { role: 'incoming', readyAt: null })];
    expect(decide({ rental: aRental({ placements }), nodes: [dead, b], breaker })).toMatchObject({
      ...held,
      phase: 'Migrating',
    });
  });
});

describe('a rental that moves', () => {
  const incoming = aPlacement(2, 'b', { role: 'incoming', readyAt: null });
  const moving = aRental({
    placements: [aPlacement(1, 'a'), incoming],
    record: { phase: 'Migrating', lostAt: NOW },
  });

  it('does not give up the old place before the new one is confirmed', () => {
    expect(decide({ rental: moving, nodes: [dead, b] })).toMatchObject({
      phase: 'Migrating',
      change: { kind: 'none' },
    });
  });

  it('takes over the confirmed place and ends the old one in one step', () => {
    const ready = { ...incoming, readyAt: NOW };
    const rental = { ...moving, placements: [aPlacement(1, 'a'), ready] };
    expect(decide({ rental, nodes: [dead, b] })).toMatchObject({
      phase: 'Active',
      event: 'rental.migrated',
      change: { kind: 'promote', incoming: ready, old: { epoch: 1 }, endReason: 'NodeDead' },
    });
  });

  it('looks for another when the node that it was to go to dies too', () => {
    const nodes = [dead, aNode('b', { record: { state: 'dead' } })];
    expect(decide({ rental: moving, nodes }).change).toMatchObject({
      kind: 'end',
      placements: [{ epoch: 2 }],
    });
  });
});

describe('the end of a rental', () => {
  const releasing = aRental({ ...served, releaseRequestedAt: NOW });

  it('ends its placements at once and stays Releasing until the node is clean', () => {
    expect(decide({ rental: releasing })).toMatchObject({
      phase: 'Releasing',
      ended: false,
      change: { kind: 'end' },
    });
    const placements = [aPlacement(1, 'a', { endedAt: NOW, endReason: 'ReleaseRequested' })];
    const rental = { ...releasing, placements };
    const cleaning = aNode('a', { record: { state: 'cleaning' } });
    expect(decide({ rental, nodes: [cleaning] })).toMatchObject({ phase: 'Releasing', ended: false });
    const cleaned = { ...rental, placements: [{ ...placements[0], cleanedAt: NOW } as never] };
    expect(decide({ rental: cleaned, nodes: [b] })).toMatchObject({ phase: 'Released', ended: true });
  });

  it('is not held up by a dead node', () => {
    const placements = [aPlacement(1, 'a', { endedAt: NOW, endReason: 'ReleaseRequested' })];
    expect(decide({ rental: { ...releasing, placements }, nodes: [dead] })).toMatchObject({
      phase: 'Released',
    });
  });

  it('comes by itself when the lease is over', () => {
    const decision = decide({ rental: served, now: later(3_600_000) });
    expect(decision).toMatchObject({
      phase: 'Releasing',
      reason: 'Expired',
      change: { kind: 'end', endReason: 'Expired' },
    });
  });
});

describe('a rental under which node after node dies', () => {
  const died = (epoch: number, ms: number) =>
    aPlacement(epoch, `n${epoch}`, { endedAt: later(ms), endReason: 'NodeDead' });
  const deaths = [1, 2, 3, 4, 5].map((epoch) => died(epoch, epoch * 1_000));
  const lost = (placements = deaths, generation = 1) =>
    aRental({
      generation,
      placements: [...placements, aPlacement(9, 'a', { startedAt: later(6_000), readyAt: later(6_000) })],
      record: { phase: 'Lost', lostAt: later(9_000), observedGeneration: 1 },
      spec: { ttlMs: 86_400_000 },
    });
  const now = later(10_000);

  it('is moved maxPerRental times, and then stays where it is and says so', () => {
    const nodes = [dead, b];
    expect(decide({ rental: lost(deaths.slice(1)), nodes, choose: chooseB, now }).phase).toBe('Migrating');
    expect(decide({ rental: lost(), nodes, choose: chooseB, now })).toMatchObject({
      phase: 'Lost',
      reason: 'PoisonSuspected',
      message: expect.stringContaining('5 nodes died under it within 1h, the limit is 5'),
      event: 'rental.lost',
      change: { kind: 'none' },
      nextDueAt: later(3_601_000),
    });
  });

  it('is moved again when the hour has passed', () => {
    const later1h = later(3_601_000);
    expect(decide({ rental: lost(), nodes: [dead, b], choose: chooseB, now: later1h }).phase).toBe(
      'Migrating',
    );
  });

  it('is served again when its node comes back', () => {
    expect(decide({ rental: lost(), nodes: [a, b], now })).toMatchObject({ phase: 'Active', observes: true });
  });

  it('gets one more node when its client changes the spec, whenever one is free', () => {
    const changed = lost(deaths, 2);
    const nodes = [dead, b];
    // The change does not count as observed before it was acted on: this is how it is remembered.
    expect(decide({ rental: changed, nodes, now })).toMatchObject({ reason: 'NoFreeNode', observes: false });
    expect(decide({ rental: changed, nodes, choose: chooseB, now })).toMatchObject({
      phase: 'Migrating',
      observes: true,
    });
  });

  it('is still moved from a node that is to be emptied, where it has access', () => {
    const drained = aNode('a', { record: { state: 'allocated' }, requests: { draining: true } });
    expect(decide({ rental: lost(), nodes: [drained, b], choose: chooseB, now }).phase).toBe('Migrating');
  });

  it('gets no first node either, when its first nodes died before it had access', () => {
    const rental = aRental({ placements: deaths, record: { observedGeneration: 1 } });
    expect(decide({ rental, choose: chooseB, now })).toMatchObject({
      phase: 'Pending',
      reason: 'PoisonSuspected',
      event: 'rental.waiting',
      change: { kind: 'none' },
      place: null,
    });
  });
});
