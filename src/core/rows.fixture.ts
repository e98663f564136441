import type { Health } from './health/health.ts';
import { createHealth } from './health/health.ts';
import { NO_BOOT } from './model/boot.ts';
import type { Access } from './model/lease.ts';
import type { Node, NodeRecord, NodeRequests, NodeSpec } from './model/node.ts';
import { FIRST_UID, NO_REQUESTS, newNodeRecord } from './model/node.ts';
import { DEFAULT_POLICY } from './model/policy.ts';
import {
  NEW_RENTAL_RECORD,
  type Placement,
  type Rental,
  type RentalRecord,
  type RentalSpec,
  SPEC_DEFAULTS,
} from './model/rental.ts';
import type { NodeInputs } from './node/inputs.ts';

/** Rows for tests: valid as they are, and each test names only what it is about. */
export const NOW = new Date('2026-05-04T12:00:00.000Z');
export const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJustATestKeyWithTheRightLength0000000000000000';

/** When the lease of `aRental` with `aPlacement` ends, and what its account is to be given. */
export const END = new Date('2026-05-04T13:00:00.000Z');
export const WANTED: Access = { publicKey: KEY, expiresAt: END };

export function aNode(
  name: string,
  set: { spec?: Partial<NodeSpec>; requests?: Partial<NodeRequests>; record?: Partial<NodeRecord> } = {},
): Node {
  return {
    spec: {
      name,
      host: '127.0.0.1',
      port: 22_000,
      user: 'root',
      privateKeyPath: '/keys/control',
      pinnedHostKey: null,
      clientHost: '127.0.0.1',
      clientPort: 22_000,
      zone: null,
      labels: {},
      retiring: false,
      ...set.spec,
    },
    requests: { ...NO_REQUESTS, ...set.requests },
    record: {
      ...newNodeRecord(NOW),
      status: 'alive',
      state: 'free',
      hostKey: KEY,
      preparedAt: NOW,
      verifiedAt: NOW,
      observedGeneration: 1,
      ...set.record,
    },
    generation: 1,
    lastCheckedAt: NOW,
  };
}

/** A healthy, empty node with nothing to do; each test states what differs. */
export function aNodeInputs(set: Partial<NodeInputs> = {}): NodeInputs {
  return {
    node: aNode('a'),
    health: aHealth('alive'),
    boot: NO_BOOT,
    live: null,
    wanted: null,
    residue: [],
    blame: null,
    run: null,
    drift: null,
    rival: null,
    paused: false,
    policy: DEFAULT_POLICY,
    now: NOW,
    jitter: 0.5,
    ...set,
  };
}

export function aPlacement(epoch: number, node: string, set: Partial<Placement> = {}): Placement {
  return {
    epoch,
    rentalId: 'r_1',
    node,
    role: 'serving',
    account: 'rtest0001',
    uid: FIRST_UID,
    startedAt: NOW,
    readyAt: NOW,
    appliedKey: KEY,
    appliedExpiresAt: END,
    endedAt: null,
    endReason: null,
    cleanedAt: null,
    ...set,
  };
}

export function aRental(
  set: Partial<Omit<Rental, 'spec' | 'record'>> & {
    spec?: Partial<RentalSpec>;
    record?: Partial<RentalRecord>;
  } = {},
): Rental {
  return {
    id: 'r_1',
    tenant: 'lab',
    name: 'one',
    account: 'rtest0001',
    generation: 1,
    createdAt: NOW,
    renewedAt: null,
    releaseRequestedAt: null,
    placements: [],
    ...set,
    spec: {
      ...SPEC_DEFAULTS,
      sshPublicKey: KEY,
      ttlMs: 3_600_000,
      ...set.spec,
    },
    record: { ...NEW_RENTAL_RECORD, ...set.record },
  };
}

export function aHealth(verdict: Health['verdict'], failures = 0): Health {
  const reason = failures > 0 ? 'ConnectionRefused' : 'Alive';
  return { ...createHealth(0), verdict, failures, reason, message: reason, hostKey: KEY };
}
