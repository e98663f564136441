import { isDeepStrictEqual } from 'node:util';
import type { EventType, NewEvent } from '../core/event.ts';
import { FIRST_UID, type Node, type NodeRecord, type NodeSpec } from '../core/node.ts';
import { viewNode } from '../core/node-view.ts';
import type { InventoryStore } from '../core/store-ports.ts';
import { underFence } from './fence.ts';
import { insertNode, listNodes, loadNode, updateNodeSpec } from './nodes.ts';
import { listOccupants } from './placements.ts';
import type { Pool, Session } from './pool.ts';

interface Change {
  type: Extract<EventType, 'node.joined' | 'node.changed' | 'node.retiring'>;
  spec: NodeSpec;
  message: string;
}

export function createInventoryStore(pool: Pool): InventoryStore {
  return {
    async applyInventory(leadership, specs, now) {
      return await underFence(pool, leadership, async (session) => {
        const changes = compareSpecs(await listNodes(session), specs);
        for (const { type, spec } of changes) {
          if (type === 'node.joined') await insertNode(session, spec, newRecord(now));
          else await updateNodeSpec(session, spec);
        }
        const named = (type: Change['type']) =>
          changes.filter((change) => change.type === type).map(({ spec }) => spec.name);
        const [added, changed, retiring] = [
          named('node.joined'),
          named('node.changed'),
          named('node.retiring'),
        ];
        const events = await describeChanges(session, changes, now);
        return { keep: true, result: { added, changed, retiring }, events };
      });
    },
  };
}

function compareSpecs(stored: Node[], specs: NodeSpec[]): Change[] {
  const before = new Map(stored.map(({ spec }) => [spec.name, spec]));
  const listed = new Set(specs.map(({ name }) => name));
  const changes: Change[] = [];
  for (const spec of specs) {
    const old = before.get(spec.name);
    if (!old) {
      changes.push({ type: 'node.joined', spec, message: `${spec.name} joined the fleet` });
    } else if (!isDeepStrictEqual(old, spec)) {
      changes.push({ type: 'node.changed', spec, message: describeDifference(old, spec) });
    }
  }
  for (const { spec } of stored) {
    if (listed.has(spec.name) || spec.retiring) continue;
    const message = `${spec.name} is not in the inventory any more`;
    changes.push({ type: 'node.retiring', spec: { ...spec, retiring: true }, message });
  }
  return changes;
}

/** Names of the fields, not their values: paths of keys belong into no history. */
function describeDifference(old: NodeSpec, spec: NodeSpec): string {
  const fields = Object.keys(spec) as (keyof NodeSpec)[];
  const changed = fields.filter((field) => !isDeepStrictEqual(old[field], spec[field]));
  return `the inventory changed ${changed.join(', ')} of ${spec.name}`;
}

async function describeChanges(session: Session, changes: Change[], now: Date): Promise<NewEvent[]> {
  if (changes.length === 0) return [];
  const occupants = await listOccupants(session);
  const events: NewEvent[] = [];
  for (const { type, spec, message } of changes) {
    const node = await loadNode(session, spec.name);
    const object = node && viewNode(node, occupants.get(spec.name) ?? null);
    const about = { at: now, rentalId: null, node: spec.name, tenant: null };
    events.push({ type, ...about, reason: 'InventoryApplied', message, object });
  }
  return events;
}

function newRecord(now: Date): NodeRecord {
  return {
    status: 'unknown',
    state: 'unknown',
    stateSince: now,
    hostKey: null,
    conditions: [],
    preparedAt: null,
    verifiedAt: null,
    attempt: 0,
    nextAttemptAt: null,
    lastFailedAt: null,
    nextUid: FIRST_UID,
    cleanSeen: 0,
    resourceVersion: 1,
  };
}
