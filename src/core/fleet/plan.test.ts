import { describe, expect, it } from 'vitest';
import type { Node } from '../model/node.ts';
import type { Rental } from '../model/rental.ts';
import { aNode, aPlacement, aRental, NOW } from '../rows.fixture.ts';
import { planFleet } from './plan.ts';

const nodes = ['a', 'b', 'c', 'd', 'e'].map((name, index) =>
  aNode(name, { spec: { port: 22_001 + index, clientPort: 22_001 + index } }),
);
const specOf = (name: string, set = {}) => ({
  ...(nodes.find((n) => n.spec.name === name) as Node).spec,
  ...set,
});
const all = nodes.map(({ spec }) => spec);
const without = (...names: string[]) => all.filter(({ name }) => !names.includes(name));

/** A rental that is served on a node; `allocated` makes the matching node rows. */
function on(name: string, id: string): Rental {
  return aRental({ id, name: id, placements: [aPlacement(1, name, { rentalId: id })] });
}
const allocated = (...names: string[]) =>
  nodes.map((node) =>
    names.includes(node.spec.name)
      ? { ...node, record: { ...node.record, state: 'allocated' as const } }
      : node,
  );
const plan = (current: Node[], rentals: Rental[], wanted = all) => planFleet(current, rentals, wanted, NOW);

describe('the plan of an inventory', () => {
  it('is empty when the file says what the fleet is', () => {
    expect(plan(allocated('a'), [on('a', 'r_1')])).toEqual({
      nodes: [],
      rentals: [],
      notAnswering: [],
      refused: null,
    });
  });

  it('names what is added, changed, taken back and removed, by node', () => {
    const current = nodes.map((node) =>
      node.spec.name === 'd' ? aNode('d', { spec: { retiring: true } }) : node,
    );
    const added = specOf('a', { name: 'f', port: 23_000 });
    const wanted = [specOf('b', { labels: { size: 'l' } }), specOf('c'), aNode('d').spec, specOf('e'), added];
    expect(plan(current, [], wanted).nodes).toEqual([
      { node: 'a', action: 'remove', changes: [] },
      { node: 'b', action: 'change', changes: ['labels'] },
      { node: 'd', action: 'return', changes: [] },
      { node: 'f', action: 'add', changes: [] },
    ]);
  });

  it('moves each rental of a removed node to another place of its own', () => {
    const { rentals } = plan(allocated('a', 'b'), [on('a', 'r_1'), on('b', 'r_2')], without('a', 'b'));
    expect(rentals.map(({ rental, effect, from, to }) => [rental, effect, from, to])).toEqual([
      ['r_1', 'moves', 'a', 'c'],
      ['r_2', 'moves', 'b', 'd'],
    ]);
  });

  it('waits where nothing is free, or moves to a node that joins', () => {
    const busy = ['a', 'b', 'c', 'd', 'e'];
    const rentals = busy.map((name) => on(name, `r_${name}`));
    expect(plan(allocated(...busy), rentals, without('a')).rentals).toMatchObject([
      { rental: 'r_a', effect: 'waits', to: null },
    ]);
    const joining = [...without('a'), specOf('a', { name: 'f', port: 23_000 })];
    expect(plan(allocated(...busy), rentals, joining).rentals).toMatchObject([
      { rental: 'r_a', effect: 'moves', to: 'f', message: 'moves from a to f, once f has joined' },
    ]);
  });

  it('says of a machine with a new name that the old one has to be gone first, and moves nobody there', () => {
    const busy = ['a', 'b', 'c', 'd', 'e'];
    const renamed = [...without('a'), specOf('a', { name: 'f' })];
    const found = plan(allocated(...busy), [on('a', 'r_a')], renamed);
    expect(found.nodes).toMatchObject([
      { node: 'a', action: 'remove' },
      { node: 'f', action: 'add', note: expect.stringContaining('HostKeyOfOtherNode') },
    ]);
    expect(found.rentals).toMatchObject([{ effect: 'waits', to: null }]);
    const pinned = specOf('a', { name: 'f', port: 23_000, pinnedHostKey: nodes[0]?.record.hostKey });
    expect(plan(nodes, [], [...without('a'), pinned]).nodes[1]?.note).toContain('the machine of a');
  });

  it('names who was never verified and does not answer', () => {
    const fresh = (name: string, status: 'dead' | 'unknown' | 'alive') =>
      aNode(name, { record: { status, state: 'unknown', preparedAt: null } });
    const current = [fresh('a', 'dead'), fresh('b', 'unknown'), fresh('c', 'alive'), ...nodes.slice(3)];
    expect(plan(current, []).notAnswering).toEqual(['a', 'b']);
    expect(plan(current, [], without('a')).notAnswering).toEqual(['b']);
  });

  it('does not move a rental onto a node that is cordoned, failing its probes or leaving', () => {
    const current = allocated('a').map((node) => {
      if (node.spec.name === 'b') return { ...node, requests: { ...node.requests, cordoned: true } };
      if (node.spec.name !== 'c') return node;
      const reachable = { type: 'Reachable', status: 'False', reason: 'DialTimeout', message: '' } as const;
      const conditions = [{ ...reachable, lastTransitionTime: '' }];
      return { ...node, record: { ...node.record, conditions } };
    });
    expect(plan(current, [on('a', 'r_1')], without('a', 'd')).rentals).toMatchObject([{ to: 'e' }]);
  });

  it('tells a client of another address, and leaves it where it is over changed labels', () => {
    const wanted = [specOf('a', { clientPort: 23_000, labels: { size: 'l' } }), ...without('a')];
    expect(plan(allocated('a'), [on('a', 'r_1')], wanted).rentals).toMatchObject([
      {
        rental: 'r_1',
        effect: 'readdressed',
        from: 'a',
        to: 'a',
        message: expect.stringContaining('127.0.0.1:23000'),
      },
    ]);
  });

  it('starts who waits for what a changed or new node has', () => {
    const waiting = aRental({ id: 'r_w', spec: { selector: { matchLabels: { gpu: 'yes' }, zone: null } } });
    expect(plan(nodes, [waiting]).rentals).toEqual([]);
    const labelled = [specOf('a', { labels: { gpu: 'yes' } }), ...without('a')];
    expect(plan(nodes, [waiting], labelled).rentals).toMatchObject([{ effect: 'starts', to: 'a' }]);
    const joining = [...all, specOf('a', { name: 'f', labels: { gpu: 'yes' } })];
    expect(plan(nodes, [waiting], joining).rentals).toMatchObject([
      { effect: 'starts', to: 'f', message: 'starts on f, once it has joined' },
    ]);
  });

  it('says when it would be refused', () => {
    expect(plan(nodes, [], without('a', 'b')).refused).toBe(null);
    expect(plan(nodes, [], without('a', 'b', 'c')).refused).toContain('3 of 5 nodes (60 %)');
  });
});
