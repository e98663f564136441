/**
 * Host keys that nodes without a known one have shown. Two names that lead to one machine would otherwise be taken
 * for two machines and lent twice; and as a new fleet is probed all at once, it has to be seen at the first sight.
 */
export interface FirstKeys {
  /** Takes a key for a node, unless it is another's already; says whether it is. */
  isForeign(node: string, hostKey: string): boolean;
  ownerOf(hostKey: string): string | null;
  /** The node has a known key by now, or left. */
  release(node: string): void;
}

/** `known`: which node of the fleet is known to have this key? */
export function createFirstKeys(known: (hostKey: string) => string | null): FirstKeys {
  const takenBy = new Map<string, string>();
  const ownerOf = (hostKey: string) => known(hostKey) ?? takenBy.get(hostKey) ?? null;
  return {
    ownerOf,
    isForeign(node, hostKey) {
      const owner = ownerOf(hostKey);
      if (owner === null) takenBy.set(hostKey, node);
      return owner !== null && owner !== node;
    },
    release(node) {
      for (const [hostKey, owner] of takenBy) if (owner === node) takenBy.delete(hostKey);
    },
  };
}
