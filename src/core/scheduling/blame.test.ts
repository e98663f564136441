import { describe, expect, it } from 'vitest';
import type { FailureReason } from '../failure/remedy.ts';
import { findCondition } from '../model/condition.ts';
import { DEFAULT_POLICY } from '../model/policy.ts';
import type { Placement, Rental } from '../model/rental.ts';
import type { Run } from '../model/work.ts';
import { decideNode } from '../node/decide.ts';
import { suspect } from '../rental/suspicion.ts';
import { aHealth, aNode, aNodeInputs, aPlacement, aRental, NOW } from '../rows.fixture.ts';
import { blameNode, listNodesAgainst } from './blame.ts';
import { choosePlacement, whyNotAgain } from './placement.ts';
import { createRoster } from './roster.ts';

const policy = DEFAULT_POLICY;
const at = (ms: number) => new Date(NOW.getTime() + ms);
const failed = (epoch: number, node: string, endReason: FailureReason = 'PlaybookFailed') =>
  aPlacement(epoch, node, { readyAt: null, endedAt: NOW, endReason });
const rental = (id: string, placements: Placement[]): Rental =>
  aRental({ id, placements: placements.map((placement) => ({ ...placement, rentalId: id })) });

describe('the rental is to blame', () => {
  it('when it got no account on three nodes in a row, and then it waits for its spec to be changed', () => {
    const twice = rental('r_1', [failed(1, 'a'), failed(2, 'b'), failed(3, 'b')]);
    expect(suspect(twice, policy, NOW)).toBeNull();
    const thrice = rental('r_1', [...twice.placements, failed(4, 'c')]);
    expect(suspect(thrice, policy, NOW)).toEqual({
      reason: 'RentalSuspected',
      message:
        'the account could not be made on 3 nodes (a, b, c), the last for PlaybookFailed; not tried again until its spec is changed',
      until: null,
    });
    expect(suspect(thrice, policy, at(1e10))).not.toBeNull();
  });

  it('neither for what can only be the fault of nodes or of the control plane, nor for what a success came after', () => {
    const full = ['DiskFull', 'NoPython', 'FenceTooLow'] as const;
    const nodes = full.map((reason, index) => failed(index + 1, `n${index}`, reason));
    expect(listNodesAgainst(rental('r_1', nodes))).toEqual([]);
    const placements = [failed(1, 'a'), failed(2, 'b'), aPlacement(3, 'c', { endedAt: NOW }), failed(4, 'd')];
    expect(listNodesAgainst(rental('r_1', placements))).toEqual([]);
  });
});

describe('the node is to blame', () => {
  const three = ['r_1', 'r_2', 'r_3'].map((id, index) => rental(id, [failed(index + 1, 'a', 'DiskFull')]));

  it('when three rentals in a row got no account on it', () => {
    expect(blameNode('a', three.slice(1), policy.provision)).toBeNull();
    expect(blameNode('a', three, policy.provision)).toBe(
      '3 rentals in a row got no account on it, the last for DiskFull',
    );
    const served = rental('r_4', [aPlacement(3, 'a', { epoch: 3, endedAt: NOW })]);
    const later = rental('r_3', [failed(4, 'a')]);
    expect(blameNode('a', [...three.slice(0, 2), served, later], policy.provision)).toBeNull();
  });

  it('not for rentals that are to blame themselves', () => {
    const bad = ['r_1', 'r_2', 'r_3'].map((id, index) =>
      rental(
        id,
        ['a', 'b', 'c'].map((node, step) => failed(10 * step + index, node)),
      ),
    );
    expect(blameNode('a', bad, policy.provision)).toBeNull();
  });

  it('when one rental, which had no other, was tried on it as often as the policy has retries', () => {
    const tries = (count: number) => [
      rental(
        'r_1',
        Array.from({ length: count }, (_, index) => failed(index + 1, 'a')),
      ),
    ];
    expect(blameNode('a', tries(5), policy.provision)).toBeNull();
    expect(blameNode('a', tries(6), policy.provision)).toBe(
      'a rental got no account on it in 6 tries, the last for PlaybookFailed',
    );
  });

  it('and then it is quarantined once it is clean, says why, and a person brings it back', () => {
    const residue = [failed(3, 'a', 'DiskFull')];
    const run: Run & { work: { kind: 'clean' } } = {
      work: { kind: 'clean', prepare: false, residue },
      fence: 9,
      outcome: { kind: 'done', fenceSeen: 9, uidSeen: 20_000, findings: [] },
    };
    const node = aNode('a', { record: { state: 'cleaning' } });
    const blame = blameNode('a', three, policy.provision);
    const blamed = decideNode(aNodeInputs({ node, residue, run, blame }));
    expect(blamed).toMatchObject({ record: { state: 'quarantined' }, cleaned: [3] });
    expect(blamed.events.at(-1)).toMatchObject({ type: 'node.quarantined', reason: 'Quarantined' });
    const why = '3 rentals in a row got no account on it, the last for DiskFull';
    expect(findCondition(blamed.record.conditions, 'Clean')).toMatchObject({
      status: 'False',
      reason: 'Quarantined',
      message: why,
    });
    const later = { now: at(1_000) };
    const asked = aNode('a', { record: blamed.record, requests: { cleanRequested: 1 } });
    const cleaning = decideNode(aNodeInputs({ ...later, node: asked }));
    expect(cleaning.record.state).toBe('cleaning');
    const again = { ...run, work: { ...run.work, residue: [] } };
    const verified = { ...asked, record: cleaning.record };
    expect(decideNode(aNodeInputs({ ...later, node: verified, run: again })).record.state).toBe('free');
  });
});

describe('a rental that got no account on a node', () => {
  const candidate = (name: string) => ({ node: aNode(name), health: aHealth('alive'), occupied: false });

  it('is made on another one at once', () => {
    const choice = choosePlacement(
      rental('r_1', [failed(1, 'a')]),
      createRoster([candidate('a'), candidate('b')]).offer(),
      NOW,
    );
    expect(choice).toMatchObject({ kind: 'node', node: { spec: { name: 'b' } } });
  });

  it('is tried there again after 1, 2, 4 … minutes, give or take a fifth', () => {
    for (const [count, minutes] of [
      [1, 1],
      [2, 2],
      [3, 4],
    ] as const) {
      const placements = Array.from({ length: count }, (_, index) => failed(index + 1, 'a'));
      const chooseAt = (ms: number) =>
        choosePlacement(rental('r_1', placements), createRoster([candidate('a')]).offer(), at(ms));
      expect(chooseAt(0.79 * minutes * 60_000)).toMatchObject({
        kind: 'none',
        reason: 'NoFreeNode',
      });
      expect(whyNotAgain(rental('r_1', placements), 'a', at(0.79 * minutes * 60_000))).toBe('PlaybookFailed');
      expect(chooseAt(1.21 * minutes * 60_000).kind).toBe('node');
    }
  });
});
