/**
 * Host keys shown by nodes that have no known key. Otherwise two names for one machine would count as two
 * machines and be lent twice. As a new fleet is probed all at once, this must be noticed at first sight.
 */
export interface FirstKeys {
  /** Claims a key for a node. True when the key is already another node's. */
  isForeign(node: string, hostKey: string): boolean;
  ownerOf(hostKey: string): string | null;
  /** The node has a known key by now, or has left. */
  release(node: string): void;
}

/** `known`: returns the node of the fleet that is known to have this key. */
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
