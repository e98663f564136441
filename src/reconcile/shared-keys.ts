import { createHash } from 'node:crypto';
import type { Node } from '../core/model/node.ts';
import { createGroups } from './groups.ts';

/**
 * Nodes that show the same host key. A hostile machine can forward its connections to another node's port; if it is
 * probed first, the other's key is recorded for it. Nobody can tell from the key alone whose it is, so neither node is
 * lent until a person has pinned it. Computed from stored rows, so that a new leader knows it from its first pass on.
 */
export interface SharedKeys {
  /** Takes the node as it is now; null: it has left. Returns the nodes whose rival may have changed. */
  note(name: string, node: Node | null): Set<string>;
  /** Another node that shows, or is pinned to, the key on record for this one; null: none, or this node is pinned. */
  rivalOf(node: Node): string | null;
  /** Nodes for which the key with this fingerprint is on record. */
  holdersOf(fingerprint: string | null): ReadonlySet<string>;
}

interface Keys {
  /** What the fingerprints were computed from. */
  from: string;
  held: string | null;
  /** The key that the node shows without having it on record, or that it is pinned to. */
  claimed: string | null;
}

export function createSharedKeys(): SharedKeys {
  const keys = new Map<string, Keys>();
  const holders = createGroups();
  const claimants = createGroups();

  function put(name: string, { held, claimed }: Keys): void {
    if (held) holders.add(held, name);
    if (claimed) claimants.add(claimed, name);
  }

  function remove(name: string, { held, claimed }: Keys): void {
    if (held) holders.remove(held, name);
    if (claimed) claimants.remove(claimed, name);
  }

  return {
    note(name, node) {
      const before = keys.get(name);
      const from = node ? describe(node) : '';
      if (before?.from === from) return new Set();
      const after = node ? { from, ...keysOf(node) } : undefined;
      if (before) remove(name, before);
      if (after) put(name, after);
      if (after) keys.set(name, after);
      else keys.delete(name);
      return new Set([before?.claimed, after?.claimed].flatMap((key) => (key ? [...holders.of(key)] : [])));
    },
    rivalOf({ spec, record }) {
      if (spec.pinnedHostKey !== null || record.hostKey === null) return null;
      const held = keys.get(spec.name)?.held ?? fingerprintOf(record.hostKey);
      return [...claimants.of(held)].find((name) => name !== spec.name) ?? null;
    },
    holdersOf: (fingerprint) => holders.of(fingerprint ?? ''),
  };
}

function describe({ spec, record }: Node): string {
  return [record.hostKey, spec.pinnedHostKey, record.offeredFingerprint].join('\n');
}

function keysOf({ spec, record }: Node): Omit<Keys, 'from'> {
  const [held, pinned] = [record.hostKey, spec.pinnedHostKey].map((key) => key && fingerprintOf(key));
  return { held: held ?? null, claimed: pinned ?? record.offeredFingerprint };
}

/** `SHA256:…` of `TYPE BASE64`, as ssh-keygen -l prints it. */
function fingerprintOf(hostKey: string): string {
  const blob = Buffer.from(hostKey.trim().split(/\s+/)[1] ?? '', 'base64');
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}
