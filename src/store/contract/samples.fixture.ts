import type { NewEvent } from '../../core/history/event.ts';
import type { NodeSpec } from '../../core/model/node.ts';
import { type RentalSpec, SPEC_DEFAULTS } from '../../core/model/rental.ts';
import type { NewRental } from '../../core/ports/rentals.ts';
import type { Save } from '../../core/ports/saves.ts';
import type { ReconcileStore } from '../../core/ports/stores.ts';

// Rows for the tests of this folder.

export const now = new Date('2026-01-02T03:04:05.678Z');

export function nodeSpec(name: string, changes: Partial<NodeSpec> = {}): NodeSpec {
  const address = { host: '127.0.0.1', port: 2201, clientHost: 'localhost', clientPort: 2201 };
  const access = { user: 'root', privateKeyPath: '/keys/control', pinnedHostKey: null };
  return { name, ...address, ...access, zone: 'a', labels: { size: 's' }, retiring: false, ...changes };
}

/** An operator's request. */
export const attribution = { reason: null, by: 'admin of t', at: now };

/** An inventory file that an operator forces through. */
export function fleetOf(specs: NodeSpec[]) {
  return { specs, sha256: 'f'.repeat(64), force: true, answering: null };
}

export const rentalSpec: RentalSpec = {
  ...SPEC_DEFAULTS,
  sshPublicKey: 'ssh-ed25519 AAAA',
  ttlMs: 3_600_000,
};

export function event(changes: Partial<NewEvent> = {}): NewEvent {
  const about = { rentalId: null, node: null, tenant: null, reason: 'Test', message: '' };
  return { type: 'rental.status', at: now, ...about, object: null, ...changes };
}

export function newRental(id: string, changes: Partial<NewRental> = {}): NewRental {
  const name = `name-${id.slice(2)}`;
  const key = { idempotencyKey: null, requestHash: null };
  return { id, tenant: 't', name, account: 'orion-x', spec: rentalSpec, createdAt: now, ...key, ...changes };
}

/** A save that binds a rental to a node, at the node's stored version. */
export async function bindSave(
  store: Pick<ReconcileStore, 'loadNode'>,
  rentalId: string,
  name: string,
): Promise<Save> {
  const node = await store.loadNode(name);
  if (!node) throw new Error(`no node ${name}`);
  const uid = node.record.nextUid;
  return {
    nodes: [{ name, record: { ...node.record, state: 'provisioning', nextUid: uid + 1 } }],
    bind: { rentalId, node: name, role: 'serving', account: 'orion-x', uid, startedAt: now },
    events: [event({ rentalId, node: name, object: (fence: number) => ({ epoch: fence }) })],
  };
}
