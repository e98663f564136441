import type { Placement } from '../core/model/rental.ts';

/** The placements that matter to nodes (live, or not verified clean of), and which node and rental each one binds. */
export interface PlacementIndex {
  live(node: string): Placement | undefined;
  /** Ended placements that the node has not been verified clean of. */
  residue(node: string): Placement[];
  /** The placement's node and rental, which never change, so an old copy is as good. */
  get(epoch: number): Pick<Placement, 'node' | 'rentalId'> | undefined;
  /** All placements on one node that matter to it. */
  set(node: string, onNode: Placement[]): void;
  /** Those of a rental, some of which may matter to no node any more. */
  note(ofRental: Placement[]): void;
  /** Drops everything that is known. */
  clear(): void;
}

export function createPlacementIndex(): PlacementIndex {
  const onNodes = new Map<string, Placement[]>();
  const byEpoch = new Map<number, Placement>();
  const note = (placements: Placement[]) => {
    for (const placement of placements) byEpoch.set(placement.epoch, placement);
  };
  return {
    live: (node) => onNodes.get(node)?.find(({ endedAt }) => endedAt === null),
    residue: (node) =>
      (onNodes.get(node) ?? []).filter(({ endedAt, cleanedAt }) => endedAt !== null && cleanedAt === null),
    get: (epoch) => byEpoch.get(epoch),
    set(node, onNode) {
      if (onNode.length > 0) onNodes.set(node, onNode);
      else onNodes.delete(node);
      note(onNode);
    },
    note,
    clear() {
      onNodes.clear();
      byEpoch.clear();
    },
  };
}
