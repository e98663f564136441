import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Selector } from '../model/rental.ts';
import { aHealth, aNode } from '../rows.fixture.ts';
import { type Candidate, matches, whyNotNow } from './placement.ts';
import { createRoster } from './roster.ts';

const NAMES = ['w1', 'w2', 'w3', 'w4'];
const SELECTORS: Selector[] = [
  { zone: null, matchLabels: {} },
  { zone: 'x', matchLabels: {} },
  { zone: null, matchLabels: { size: 'large' } },
];

const candidate: fc.Arbitrary<Candidate> = fc
  .record({
    name: fc.constantFrom(...NAMES),
    state: fc.constantFrom('free' as const, 'dead' as const, 'allocated' as const),
    zone: fc.constantFrom('x', 'y', null),
    size: fc.constantFrom('large', 'small'),
    retiring: fc.boolean(),
    cordoned: fc.boolean(),
    verdict: fc.constantFrom('alive' as const, 'unknown' as const),
    occupied: fc.boolean(),
  })
  .map(({ name, state, zone, size, retiring, cordoned, verdict, occupied }) => ({
    node: aNode(name, {
      spec: { zone, retiring, labels: { size } },
      requests: { cordoned },
      record: { state },
    }),
    health: aHealth(verdict),
    occupied,
  }));
const note = fc.oneof(
  candidate,
  fc.constantFrom(...NAMES).map((gone) => ({ gone })),
);

const namesOf = (candidates: Candidate[]) => candidates.map(({ node }) => node.spec.name).toSorted();

it('knows at each moment what a look at every node would find', () => {
  const property = fc.property(fc.array(note, { minLength: 6, maxLength: 30 }), (notes) => {
    const roster = createRoster();
    const all = new Map<string, Candidate>();
    for (const next of notes) {
      if ('gone' in next) {
        all.delete(next.gone);
        roster.note(next.gone, null);
      } else {
        all.set(next.node.spec.name, next);
        roster.note(next.node.spec.name, next);
      }
      const candidates = [...all.values()];
      const { usable, shapes, occupancy } = roster.offer();
      expect(namesOf(usable)).toEqual(namesOf(candidates.filter((each) => whyNotNow(each) === null)));
      const kept = candidates.filter(({ node }) => !node.spec.retiring);
      for (const selector of SELECTORS) {
        const fits = shapes.filter((shape) => matches(selector, shape));
        expect(fits.reduce((sum, { count }) => sum + count, 0)).toBe(
          kept.filter(({ node }) => matches(selector, node)).length,
        );
        expect(groups(roster.groupFor(selector))).toEqual(
          candidates.map((each) => `${each.node.spec.name} ${reasonOf(each, selector)}`).toSorted(),
        );
      }
      for (const zone of ['x', 'y', null])
        expect(occupancy.get(zone) ?? 0).toBe(
          candidates.filter(({ node, occupied }) => occupied && node.spec.zone === zone).length,
        );
    }
  });
  fc.assert(property, { numRuns: 300 });
});

function reasonOf(candidate: Candidate, selector: Selector): string | null {
  if (candidate.node.spec.retiring) return 'Retiring';
  return matches(selector, candidate.node) ? whyNotNow(candidate) : 'NotMatching';
}

function groups(found: Map<string | null, ReadonlySet<string>[]>): string[] {
  return [...found]
    .flatMap(([reason, sets]) => sets.flatMap((names) => [...names].map((name) => `${name} ${reason}`)))
    .toSorted();
}

it('counts a version for each shape that comes or goes, and for nothing else', () => {
  const free = (name: string, labels: Record<string, string>, retiring = false) => ({
    node: aNode(name, { spec: { labels, retiring } }),
    health: aHealth('alive'),
    occupied: false,
  });
  const roster = createRoster([free('w1', { size: 'large' })]);
  const steps: [string, Candidate | null, boolean][] = [
    ['w2', free('w2', { size: 'large' }), false],
    ['w2', { ...free('w2', { size: 'large' }), occupied: true }, false],
    ['w1', null, false],
    ['w2', free('w2', { size: 'large' }), false],
    ['w2', free('w2', { size: 'small' }), true],
    ['w2', free('w2', { size: 'small' }, true), true],
    ['w2', null, false],
  ];
  for (const [name, next, changes] of steps) {
    const before = roster.shapeVersion();
    roster.note(name, next);
    expect([name, roster.shapeVersion() > before]).toEqual([name, changes]);
  }
});
