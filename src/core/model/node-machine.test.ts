import { describe, expect, it } from 'vitest';
import { getShortestPaths } from 'xstate/graph';
import { type NodeEvent, type NodeFacts, nextState, nodeMachine } from './node-machine.ts';
import { NODE_STATES, STATES } from './node-states.ts';

const EVENTS: NodeEvent['type'][] = [
  'joined',
  'bound',
  'confirmed',
  'unbound',
  'drifted',
  'verified',
  'cleaningFailed',
  'cleanRequested',
  'died',
  'revived',
];

const facts = (set: Partial<NodeFacts> = {}): NodeFacts => ({
  bound: false,
  quarantined: false,
  unverified: false,
  blamed: false,
  ...set,
});

describe('the node machine', () => {
  it('does exactly this for every event in every state', () => {
    const rows = NODE_STATES.map((state) => {
      const cells = EVENTS.map((type) => {
        const next = nextState(state, { type }, facts());
        return next === state ? '-' : next;
      });
      return [state, ...cells]
        .map((cell) => cell.padEnd(14))
        .join('')
        .trimEnd();
    });
    const header = ['', ...EVENTS]
      .map((cell) => cell.padEnd(14))
      .join('')
      .trimEnd();
    expect(`\n${[header, ...rows].join('\n')}\n`).toMatchInlineSnapshot(`
      "
                    joined        bound         confirmed     unbound       drifted       verified      cleaningFailedcleanRequesteddied          revived
      unknown       cleaning      -             -             -             -             -             -             -             dead          -
      free          -             provisioning  -             -             cleaning      -             -             cleaning      dead          -
      provisioning  -             -             allocated     cleaning      -             -             -             -             dead          -
      allocated     -             -             -             cleaning      -             -             -             -             dead          -
      cleaning      -             -             -             -             -             free          quarantined   -             dead          -
      quarantined   -             -             -             -             -             free          -             cleaning      dead          -
      dead          -             -             -             -             -             -             -             -             -             free
      "
    `);
  });

  it.each([
    [{ quarantined: true, bound: true, unverified: true }, 'quarantined'],
    [{ bound: true, unverified: true }, 'provisioning'],
    [{ unverified: true }, 'cleaning'],
    [{}, 'free'],
  ] as const)('brings a node that returns with %j back as %s', (set, expected) => {
    expect(nextState('dead', { type: 'revived' }, facts(set))).toBe(expected);
  });

  it('keeps a node that is clean and blamed from being lent, until it was cleaned once more', () => {
    expect(nextState('cleaning', { type: 'verified' }, facts({ blamed: true }))).toBe('quarantined');
    expect(nextState('quarantined', { type: 'verified' }, facts({ blamed: true }))).toBe('free');
  });

  it('names exactly the states that the database may hold', () => {
    expect(Object.keys(nodeMachine.states).toSorted()).toEqual([...NODE_STATES].toSorted());
  });

  it('can reach every state', () => {
    const contexts = [
      facts(),
      facts({ bound: true }),
      facts({ quarantined: true }),
      facts({ unverified: true }),
    ];
    const reached = contexts.flatMap((context) =>
      getShortestPaths(nodeMachine, {
        fromState: nodeMachine.resolveState({ value: 'unknown', context }),
      }).map(({ state }) => state.value),
    );
    expect([...new Set(reached)].toSorted()).toEqual([...NODE_STATES].toSorted());
  });

  it('reaches free only from a verification or a node that was verified since anything was placed', () => {
    for (const state of NODE_STATES) {
      for (const type of EVENTS) {
        if (nextState(state, { type }, facts({ unverified: true })) !== 'free' || state === 'free') continue;
        expect(type).toBe('verified');
      }
    }
  });

  it('refuses a state that it does not know', () => {
    expect(() => nextState('rented' as never, { type: 'died' })).toThrow(/rented/);
  });

  it('declares work for every state', () => {
    expect(
      Object.fromEntries(NODE_STATES.map((state) => [state, STATES[state].work])),
    ).toMatchInlineSnapshot(`
      {
        "allocated": "keepAccess",
        "cleaning": "clean",
        "dead": "none",
        "free": "none",
        "provisioning": "ensureAccess",
        "quarantined": "cleanSlowly",
        "unknown": "none",
      }
    `);
  });
});
