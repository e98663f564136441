import { describe, expect, test } from 'vitest';
import { nodeOf, rentalOf } from './dashboard.fixture.ts';
import { countWords, describeFleet, filterFleet, groupByZone, listLabels, listZones } from './fleet.ts';

const rental = rentalOf('r_1', { node: 'w2' });
const fleet = describeFleet(
  [
    nodeOf('w10', { zone: 'rack-b', labels: { size: 'large' } }),
    nodeOf('w2', { state: 'allocated', rental: 'r_1' }),
    nodeOf('w1', { state: 'dead', labels: { size: 'small' } }),
    nodeOf('w3', { zone: null, unschedulable: true }),
  ],
  new Map([['r_1', rental]]),
);
const names = (nodes: typeof fleet) => nodes.map(({ node }) => node.name);

describe('the fleet', () => {
  test('is in the order of the names, with the rental of each node', () => {
    expect(names(fleet)).toEqual(['w1', 'w2', 'w3', 'w10']);
    expect(fleet.map((entry) => entry.rental?.id ?? null)).toEqual([null, 'r_1', null, null]);
  });

  test('is grouped by zone, with what can be rented in each', () => {
    const groups = groupByZone(fleet, false).map(({ zone, nodes, free }) => [zone, names(nodes), free]);
    expect(groups).toEqual([
      ['rack-a', ['w1', 'w2'], 0],
      ['rack-b', ['w10'], 1],
      [null, ['w3'], 0],
    ]);
  });

  test('shows what needs a look first where not all can be shown', () => {
    const many = describeFleet(
      [nodeOf('a'), nodeOf('b', { state: 'dead' }), nodeOf('c', { state: 'cleaning' })],
      new Map(),
    );
    expect(groupByZone(many, true).flatMap(({ nodes }) => names(nodes))).toEqual(['b', 'c', 'a']);
  });

  test('is searched by all that is known of a node', () => {
    const find = (text: string, word = '', zone = '') => names(filterFleet(fleet, { text, word, zone }));
    expect(find('NAME-r_1')).toEqual(['w2']);
    expect(find('size=large rack-b')).toEqual(['w10']);
    expect(find('size=large rack-a')).toEqual([]);
    expect(find('cordoned')).toEqual(['w3']);
    expect(find('', 'Dead')).toEqual(['w1']);
    expect(find('', '', 'rack-a')).toEqual(['w1', 'w2']);
  });

  test('is counted and listed for what can be chosen', () => {
    expect(Object.fromEntries(countWords(fleet))).toEqual({ Dead: 1, Rented: 1, Free: 2 });
    expect([listZones(fleet), listLabels(fleet)]).toEqual([
      ['rack-a', 'rack-b'],
      ['size=large', 'size=small'],
    ]);
  });
});
