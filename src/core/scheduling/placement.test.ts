import { describe, expect, it } from 'vitest';
import type { Node } from '../model/node.ts';
import { aHealth, aNode, aPlacement, aRental, NOW } from '../rows.fixture.ts';
import { type Candidate, choosePlacement } from './placement.ts';
import { createRoster } from './roster.ts';

type Set = Parameters<typeof aNode>[1];
const candidate = (name: string, set: Set = {}, more: Partial<Candidate> = {}): Candidate => ({
  node: aNode(name, set),
  health: aHealth('alive'),
  occupied: false,
  ...more,
});
const choose = (candidates: Candidate[], rental = aRental(), pickierAt?: (node: Node) => number) => {
  const choice = choosePlacement(rental, createRoster(candidates).offer(), NOW, pickierAt);
  return choice.kind === 'node' ? choice.node.spec.name : choice.reason;
};

describe('the choice of a node', () => {
  it('takes only a node that fits, is free, seen alive and not kept back', () => {
    expect(choose([candidate('a', { record: { state: 'cleaning' } })])).toBe('NoFreeNode');
    expect(choose([candidate('a', {}, { occupied: true })])).toBe('NoFreeNode');
    expect(choose([candidate('a', { requests: { cordoned: true } })])).toBe('NoFreeNode');
    expect(choose([candidate('a', {}, { health: aHealth('alive', 1) })])).toBe('NoFreeNode');
    expect(choose([candidate('a', {}, { health: aHealth('unknown') })])).toBe('NoFreeNode');
    expect(choose([candidate('a', { record: { nextUid: 60_000 } })])).toBe('NoFreeNode');
    expect(choose([candidate('a')])).toBe('a');
  });

  it('knows when no node of the fleet can ever match', () => {
    const large = aRental({ spec: { selector: { matchLabels: { size: 'large' }, zone: null } } });
    expect(choose([candidate('a')], large)).toBe('Unsatisfiable');
    expect(choose([candidate('a', { spec: { labels: { size: 'large' }, retiring: true } })], large)).toBe(
      'Unsatisfiable',
    );
    expect(choose([candidate('a', { spec: { labels: { size: 'large' } } }, { occupied: true })], large)).toBe(
      'NoFreeNode',
    );
  });

  it('says that it can not tell yet while a fitting free node was not looked at', () => {
    const unseen = candidate('a', {}, { health: aHealth('unknown') });
    expect(choosePlacement(aRental(), createRoster([unseen]).offer(), NOW)).toMatchObject({
      kind: 'none',
      undecided: true,
    });
    const taken = candidate('a', {}, { occupied: true });
    expect(choosePlacement(aRental(), createRoster([taken]).offer(), NOW)).toMatchObject({
      kind: 'none',
      undecided: false,
    });
  });

  it('chooses last a node that failed this rental, then one that died lately', () => {
    const died = candidate('a', { record: { lastFailedAt: NOW } });
    expect(choose([died, candidate('b')])).toBe('b');
    const placements = [aPlacement(1, 'b', { endedAt: NOW, endReason: 'ProvisionFailed' })];
    expect(choose([died, candidate('b')], aRental({ placements }))).toBe('a');
  });

  it('leaves a node that pickier rentals wait for to them', () => {
    const scarce = candidate('a');
    const died = candidate('b', { record: { lastFailedAt: NOW } });
    const pickierAt = ({ spec }: Node) => (spec.name === 'a' ? 1 : 0);
    expect(choose([scarce, died], aRental(), pickierAt)).toBe('b');
    expect(choose([scarce], aRental(), pickierAt)).toBe('a');
  });

  it('spreads over zones', () => {
    const taken = candidate('a', { spec: { zone: 'x' } }, { occupied: true });
    expect(
      choose([taken, candidate('b', { spec: { zone: 'x' } }), candidate('c', { spec: { zone: 'y' } })]),
    ).toBe('c');
  });
});
