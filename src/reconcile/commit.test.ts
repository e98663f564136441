import { expect, it } from 'vitest';
import { newNodeRecord } from '../core/model/node.ts';
import type { SaveResult } from '../core/ports/saves.ts';
import { aPlacement, aRental, NOW } from '../core/rows.fixture.ts';
import { commit } from './commit.ts';
import { DeposedError } from './context.ts';

type Parts = Parameters<typeof commit>[0];

/** A fleet with one rental, `r_1`: placement 7 on n1, and 3 on n2 before that. Placement 2 is of an ended rental. */
function open(kind: SaveResult['kind']) {
  const rental = aRental({ id: 'r_1' });
  const placements = [aPlacement(7, 'n1'), aPlacement(3, 'n2'), aPlacement(2, 'n2', { rentalId: 'r_0' })];
  const read: string[] = [];
  const due: string[] = [];
  const parts = {
    store: { save: async () => (kind === 'saved' ? { kind, fence: 9 } : { kind }) },
    leadership: { token: 1 },
    fleet: {
      rentals: { get: (id: string) => (id === rental.id ? rental : undefined) },
      placement: (epoch: number) => placements.find((placement) => placement.epoch === epoch),
      refreshNode: async (name: string) => void read.push(name),
      refreshRental: async (id: string) => void read.push(id),
    },
    due: { markNode: (name: string) => void due.push(name), markRental: (id: string) => void due.push(id) },
  } as unknown as Parts;
  return { parts, read, due };
}

const SAVE = {
  nodes: [{ name: 'n1', record: newNodeRecord(NOW) }],
  placements: [{ epoch: 7, set: { readyAt: NOW } }],
  cleaned: { epochs: [3, 2], at: NOW },
  events: [],
};

it.each(['saved', 'conflict'] as const)(
  'reads the rows that a save names, and no others: %s',
  async (kind) => {
    const { parts, read, due } = open(kind);
    expect(await commit(parts, SAVE)).toBe(kind === 'saved' ? 9 : 'conflict');
    expect(read).toEqual(['n1', 'n2', 'r_1']);
    expect(due).toEqual(read);
  },
);

it('knows the rows of a new placement and of a node that is removed', async () => {
  const { parts, read } = open('saved');
  const bind = {
    rentalId: 'r_1',
    node: 'n3',
    role: 'serving',
    account: 'a',
    uid: 1,
    startedAt: NOW,
  } as const;
  await commit(parts, { bind, removeNodes: ['n4'], events: [] });
  expect(read).toEqual(['n4', 'n3', 'r_1']);
});

it('stops everything when another daemon leads', async () => {
  const { parts, read } = open('deposed');
  await expect(commit(parts, SAVE)).rejects.toThrow(DeposedError);
  expect(read).toEqual([]);
});
