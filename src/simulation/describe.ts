import type { Node } from '../core/model/node.ts';
import type { Placement } from '../core/model/rental.ts';
import type { Change, Commit, RentalRow } from './memory/tables.ts';

/** One line for a commit: who wrote it, which rows became what, and its events. */
export function describeCommit({ fence, token, changes, events }: Commit): string {
  const by = fence === null ? 'API' : `save ${fence} of term ${token}`;
  const news = events.map(({ type, rentalId, node, reason }) =>
    [type, rentalId, node, reason].filter(Boolean).join(' '),
  );
  return [by, ...changes.map(describeChange), ...news.map((text) => `[${text}]`)].join('; ');
}

function describeChange({ table, key, before, after }: Change): string {
  if (after === undefined) return `${table} ${key} deleted`;
  const [old, next] = [flatten(table, before), flatten(table, after)];
  const changed = Object.keys(next).filter((field) => String(old[field]) !== String(next[field]));
  return `${key}: ${changed.map((field) => `${field} ${next[field]}`).join(', ')}`;
}

function flatten(table: Change['table'], row: unknown): Record<string, unknown> {
  if (row === undefined) return {};
  if (table === 'nodes') {
    const { spec, requests, record, lastCheckedAt } = row as Node;
    const { conditions, resourceVersion: _version, ...rest } = record;
    const told = Object.fromEntries(conditions.map(({ type, reason }) => [type, reason]));
    return { ...rest, ...told, ...requests, retiring: spec.retiring, lastCheckedAt };
  }
  if (table === 'rentals') {
    const { record, spec, ...rest } = row as RentalRow;
    const { conditions, resourceVersion: _version, ...status } = record;
    return {
      ...rest,
      ...status,
      ready: conditions[0]?.reason,
      key: spec.sshPublicKey,
      zone: spec.selector.zone,
    };
  }
  return { ...(row as Placement) };
}
