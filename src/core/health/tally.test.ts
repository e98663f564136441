import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../model/policy.ts';
import { createHealth, type Health, isSuspect, isUnconfirmed, isUnseenSince } from './health.ts';
import { createHealthTally } from './tally.ts';

const policy = DEFAULT_POLICY.probe;

/** The same figures, counted over all nodes. */
function countAll(healths: Health[]) {
  const dead = healths.filter(({ verdict }) => verdict === 'dead');
  const sinceMs = Math.max(0, ...dead.map(({ confirmingSinceMs }) => confirmingSinceMs ?? 0));
  return {
    total: healths.length,
    unhealthy: healths.filter(isSuspect).length + dead.length,
    unseen: healths.filter((health) => isUnseenSince(health, sinceMs)).length,
    unconfirmed: dead.filter((health) => isUnconfirmed(health, policy)).length,
  };
}

const time = fc.integer({ min: 0, max: 200 }).map((s) => 1_000 * s);
const health: fc.Arbitrary<Health | null> = fc.option(
  fc
    .record({
      verdict: fc.constantFrom('unknown', 'alive', 'dead'),
      failures: fc.integer({ min: 0, max: 4 }),
      failingSinceMs: fc.option(time),
      confirmingSinceMs: fc.option(time),
      lookedAtMs: fc.option(time),
    })
    .map((set) => ({ ...createHealth(0), ...set }) as Health),
  { freq: 8 },
);
const note = fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), health);

it('counts what a count over all would count, after each change', () => {
  const property = fc.property(fc.array(note, { maxLength: 40 }), (notes) => {
    const tally = createHealthTally();
    const known = new Map<string, Health>();
    for (const [node, now] of notes) {
      tally.note(node, now);
      if (now) known.set(node, now);
      else known.delete(node);
      expect(tally.count(policy)).toEqual(countAll([...known.values()]));
    }
  });
  fc.assert(property, { numRuns: 500 });
});
