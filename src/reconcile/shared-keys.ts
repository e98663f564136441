import { createHash } from 'node:crypto';
import { findCondition } from '../core/model/condition.ts';
import type { Node } from '../core/model/node.ts';

/**
 * Which nodes show one host key. A hostile machine can pass its connections on to another's port, and who was looked at
 * first is then on record with the other's key. Nobody can tell from the key alone whose it is, so neither is lent until
 * a person has pinned it. From what is stored, so that a new leader knows it from its first pass on.
 */
export interface SharedKeys {
  note(node: Node): void;
  forget(node: string): void;
  /** Another node that shows, or is pinned to, the key that is on record for this one; null for a pinned one. */
  rivalOf(node: Node): string | null;
}

export function createSharedKeys(): SharedKeys {
  /** Fingerprint -> nodes that lay claim to the key, by showing it without having it on record, or by a pin. */
  const claims = new Map<string, Set<string>>();
  const claimed = new Map<string, string>();
  const forget = (node: string) => {
    const fingerprint = claimed.get(node);
    if (fingerprint === undefined) return;
    claimed.delete(node);
    claims.get(fingerprint)?.delete(node);
    if (claims.get(fingerprint)?.size === 0) claims.delete(fingerprint);
  };
  return {
    forget,
    note(node) {
      const { name } = node.spec;
      const fingerprint = claimOf(node);
      if (claimed.get(name) === (fingerprint ?? undefined)) return;
      forget(name);
      if (fingerprint === null) return;
      claimed.set(name, fingerprint);
      claims.set(fingerprint, (claims.get(fingerprint) ?? new Set()).add(name));
    },
    rivalOf({ spec, record }) {
      if (claims.size === 0 || spec.pinnedHostKey !== null || record.hostKey === null) return null;
      const rivals = claims.get(fingerprintOf(record.hostKey)) ?? [];
      return [...rivals].find((name) => name !== spec.name) ?? null;
    },
  };
}

function claimOf({ spec, record }: Node): string | null {
  if (spec.pinnedHostKey !== null) return fingerprintOf(spec.pinnedHostKey);
  const isOfOther = findCondition(record.conditions, 'Reachable')?.reason === 'HostKeyOfOtherNode';
  return isOfOther ? record.offeredFingerprint : null;
}

/** `SHA256:…` of `TYPE BASE64`, as ssh-keygen -l prints it. */
function fingerprintOf(hostKey: string): string {
  const blob = Buffer.from(hostKey.trim().split(/\s+/)[1] ?? '', 'base64');
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}
