import { describe, expect, it } from 'vitest';
import type { Reason } from '../failure/reason.ts';
import { CLOSED_BREAKER } from '../health/breaker.ts';
import { aHealth, aNode, aPlacement, aRental, NOW } from '../rows.fixture.ts';
import { candidateOf, summarize, whyPassedOver } from '../scheduling/passed-over.ts';
import { type Candidate, choosePlacement } from '../scheduling/placement.ts';
import { describePlacement } from '../scheduling/placement-decision.ts';
import { createRoster } from '../scheduling/roster.ts';
import { explainRental } from './explanation.ts';

type Set = Parameters<typeof aNode>[1];
const large = { matchLabels: { size: 'large' }, zone: null };
const condition = (type: string, reason: Reason) => ({
  type,
  status: 'False' as const,
  reason,
  message: 'said',
  lastTransitionTime: NOW.toISOString(),
});
const NOBODY = new Map<string, string>();

/** Each way in which a node can be passed over, judged by its stored data. */
const WAYS: [Reason | null, Set, occupied?: boolean][] = [
  [null, {}],
  ['Retiring', { spec: { retiring: true } }],
  ['Draining', { requests: { draining: true } }],
  ['Cordoned', { requests: { cordoned: true } }],
  ['Occupied', { record: { state: 'allocated' } }, true],
  ['NotVerified', { record: { state: 'cleaning' } }],
  ['Quarantined', { record: { state: 'quarantined' } }],
  ['NotAlive', { record: { state: 'dead', status: 'dead' } }],
  ['NotAlive', { record: { conditions: [condition('Reachable', 'ConnectionRefused')] } }],
  ['NotAlive', { record: { status: 'unknown' } }],
  ['Drifted', { record: { conditions: [condition('Schedulable', 'Drifted')] } }],
  ['Flapping', { record: { conditions: [condition('Schedulable', 'Flapping')] } }],
  ['UidsExhausted', { record: { nextUid: 60_000 } }],
];

it('quotes the numbers of now while a move is held, not those of the opening', () => {
  const reason = 'MigrationHeld' as const;
  const ready = {
    ...condition('Ready', reason),
    message: 'no rental is moved: 5 of 6 nodes (83 %) are unhealthy',
  };
  const rental = aRental({
    placements: [aPlacement(1, 'a')],
    record: { phase: 'Lost', conditions: [ready] },
  });
  const dead = { record: { state: 'dead' as const } };
  const fresh = { record: { state: 'dead' as const, preparedAt: null } };
  const nodes = [aNode('a', dead), aNode('b', dead), aNode('c'), aNode('d'), aNode('e', fresh)];
  const { message } = explainRental(rental, nodes, new Map([['a', 'r_1']]), null, NOW);
  expect(message).toContain('2 of 4 nodes (50 %) are unhealthy now');
});

describe('why a node is passed over', () => {
  it.each(WAYS)('is told as %s from what is stored: %j', (reason, set, occupied = false) => {
    const rental = aRental();
    const candidate = candidateOf(aNode('a', set), occupied);
    expect(whyPassedOver(rental.spec.selector, candidate)).toBe(reason);
    // Placement itself agrees.
    expect(choosePlacement(rental, createRoster([candidate]).offer(), NOW).kind).toBe(
      reason === null ? 'node' : 'none',
    );
  });

  it('is that it does not match, whatever else there is', () => {
    expect(whyPassedOver(large, candidateOf(aNode('a', { requests: { cordoned: true } }), false))).toBe(
      'NotMatching',
    );
  });

  it('stays small in a fleet of 10,000: 50 are named, the nearest first, the others counted', () => {
    const many = Array.from({ length: 10_000 }, (_, i) => ({
      node: `n${String(i).padStart(5, '0')}`,
      reason: i % 1000 === 7 ? ('Occupied' as const) : ('NotMatching' as const),
    }));
    const { nodes, others } = summarize([...many, { node: 'z', reason: 'RankedLower' }]);
    expect(nodes).toHaveLength(50);
    expect(nodes.slice(0, 3)).toEqual([
      { node: 'z', reason: 'RankedLower' },
      { node: 'n00007', reason: 'Occupied' },
      { node: 'n01007', reason: 'Occupied' },
    ]);
    expect(others).toEqual([{ reason: 'NotMatching', count: 9_951 }]);
  });
});

describe('the decision that is kept with a placement', () => {
  const candidate = (name: string, set: Set = {}, occupied = false): Candidate => ({
    node: aNode(name, set),
    health: aHealth('alive'),
    occupied,
  });

  it('names the rank of the node, who ranked lower, who could not be taken, and the breaker', () => {
    const failed = aPlacement(1, 'b', { endedAt: NOW, endReason: 'ProvisionFailed' });
    const died = { record: { lastFailedAt: new Date(NOW.getTime() - 60_000) } };
    const candidates = [
      candidate('a', { spec: { zone: 'x' }, ...died }),
      candidate('b'),
      candidate('c', { spec: { zone: 'x' }, record: { state: 'allocated' } }, true),
    ];
    const rental = aRental({ placements: [failed] });
    const roster = createRoster(candidates);
    const choice = choosePlacement(rental, roster.offer(), NOW);
    if (choice.kind !== 'node') throw new Error('no node');
    const decision = describePlacement(rental, choice.node, roster, {
      breaker: CLOSED_BREAKER,
      pickier: 0,
      now: NOW,
    });
    expect(choice.node.spec.name).toBe('a');
    expect(decision).toEqual({
      usable: 2,
      rank: {
        failedHere: 0,
        pickier: 0,
        failedLatelyMs: NOW.getTime() - 60_000,
        inZone: 1,
        restedSinceMs: NOW.getTime(),
      },
      passedOver: {
        nodes: [
          { node: 'b', reason: 'RankedLower' },
          { node: 'c', reason: 'Occupied' },
        ],
        others: [],
      },
      breaker: { open: false, message: '' },
    });
  });
});

describe('the explanation', () => {
  const nodes = [
    aNode('a', { record: { state: 'dead', status: 'dead' } }),
    aNode('b', { record: { state: 'allocated' } }),
    aNode('c'),
  ];
  const occupants = new Map([
    ['a', 'r_1'],
    ['b', 'r_2'],
  ]);

  it('of a rental that waits names each node, and what every reason means', () => {
    const rental = aRental({ record: { conditions: [condition('Ready', 'NoFreeNode')], queuePosition: 2 } });
    const told = explainRental(rental, nodes.slice(0, 2), occupants, null, NOW);
    expect(told).toMatchObject({
      phase: 'Pending',
      node: null,
      reason: 'NoFreeNode',
      message: 'said',
      queuePosition: 2,
      wanted: {
        usable: 0,
        passedOver: {
          nodes: [
            { node: 'a', reason: 'NotAlive' },
            { node: 'b', reason: 'Occupied' },
          ],
        },
      },
      placement: null,
    });
    expect(Object.keys(told.meanings).toSorted()).toEqual(['NoFreeNode', 'NotAlive', 'Occupied']);
  });

  it('names the failure for which a node is not tried again yet', () => {
    const failed = aPlacement(1, 'c', { readyAt: null, endedAt: NOW, endReason: 'DiskFull' });
    const told = explainRental(aRental({ placements: [failed] }), nodes, occupants, null, NOW);
    expect(told.wanted?.passedOver.nodes).toContainEqual({ node: 'c', reason: 'DiskFull' });
    expect(told.wanted?.usable).toBe(0);
  });

  it('of a rental that is held back says so of the nodes that could be taken', () => {
    const rental = aRental({
      placements: [aPlacement(4, 'a')],
      record: { phase: 'Lost', conditions: [condition('Ready', 'MigrationHeld')] },
    });
    expect(explainRental(rental, nodes, occupants, null, NOW).wanted).toEqual({
      usable: 1,
      passedOver: {
        nodes: [
          { node: 'a', reason: 'NotAlive' },
          { node: 'b', reason: 'Occupied' },
          { node: 'c', reason: 'MigrationHeld' },
        ],
        others: [],
      },
    });
  });

  it('of a rental that is well, is being moved or has ended wants no node, and tells of the last placement', () => {
    const decision = describePlacement(aRental(), aNode('c'), createRoster(), {
      breaker: CLOSED_BREAKER,
      pickier: 0,
      now: NOW,
    });
    const moved = [aPlacement(4, 'a', { endedAt: NOW, endReason: 'NodeDead' }), aPlacement(9, 'c')];
    const told = explainRental(aRental({ placements: moved }), nodes, NOBODY, decision, NOW);
    expect(told).toMatchObject({
      wanted: null,
      node: 'c',
      placement: { epoch: 9, node: 'c', decision: { usable: 1, rank: { failedLatelyAt: null } } },
    });
    const moving = [aPlacement(4, 'a'), aPlacement(9, 'c', { role: 'incoming' })];
    expect(explainRental(aRental({ placements: moving }), nodes, NOBODY, null, NOW).wanted).toBeNull();
    const asked = aRental({ releaseRequestedAt: NOW });
    expect(explainRental(asked, nodes, NOBODY, null, NOW).wanted).toBeNull();
  });
});
