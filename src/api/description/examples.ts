import { SPEC_DEFAULTS } from '../../core/model/rental.ts';
import type { Explanation } from '../../core/rental/explanation.ts';
import type { NodeView, TenantNodeView } from '../../core/view/node-view.ts';
import { type PlacementView, type RentalView, viewSpec } from '../../core/view/rental-view.ts';

// Filled-in examples of the schemas: one small story, in which build-box was given worker_1.

const HOST_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG…';
const ID = 'r_3k5mzq7xw2c4d6fa';
const ASKED = '2026-11-24T14:12:35.101Z';
const READY = '2026-11-24T14:12:37.655Z';
const ENDS = '2026-11-24T20:12:37.655Z';

const placement: PlacementView = {
  epoch: 41,
  node: 'worker_1',
  startedAt: ASKED,
  readyAt: READY,
  endedAt: null,
  endReason: null,
  cleanedAt: null,
  cleaning: null,
};

const rental: RentalView = {
  id: ID,
  name: 'build-box',
  tenant: 'demo',
  generation: 1,
  createdAt: ASKED,
  spec: viewSpec({
    ...SPEC_DEFAULTS,
    sshPublicKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI…',
    selector: { matchLabels: { size: 'small' }, zone: null },
    ttlMs: 6 * 3_600_000,
  }),
  status: {
    phase: 'Active',
    observedGeneration: 1,
    node: 'worker_1',
    expiresAt: ENDS,
    queuePosition: null,
    queueEstimateAt: null,
    restart: null,
    connection: {
      host: '192.0.2.7',
      port: 22221,
      user: 'r7f3k2a9',
      hostKey: HOST_KEY,
      command: 'ssh -p 22221 r7f3k2a9@192.0.2.7',
    },
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'Provisioned',
        lastTransitionTime: READY,
        message: 'the account on worker_1 is ready',
      },
    ],
    placements: [placement],
  },
};

const node: NodeView = {
  name: 'worker_1',
  generation: 1,
  spec: {
    host: '10.0.0.7',
    port: 22,
    hostKey: null,
    zone: 'rack-a',
    labels: { size: 'small' },
    unschedulable: false,
    draining: false,
    maintenance: null,
    retiring: false,
  },
  status: {
    observedGeneration: 1,
    status: 'alive',
    allocated: true,
    state: 'allocated',
    rental: ID,
    stateSince: READY,
    unreachableSince: null,
    lastChecked: READY,
    hostKey: HOST_KEY,
    offeredFingerprint: null,
    otherFleet: null,
    differences: null,
    nextAttemptAt: null,
    limits: {
      checkedAt: READY,
      processes: { holds: true, message: 'at most 2048 processes and threads, measured in a session' },
      memory: { holds: true, message: 'at most 6307180544 bytes, measured in a session' },
      userNamespaces: { holds: false, message: 'a client can make them' },
    },
    conditions: [
      {
        type: 'Reachable',
        status: 'True',
        reason: 'Alive',
        lastTransitionTime: ASKED,
        message: 'the last probe was answered',
      },
    ],
  },
};

const tenantNode: TenantNodeView = {
  name: 'worker_1',
  spec: { zone: 'rack-a', labels: { size: 'small' } },
  status: { free: false },
};

const explanation: Explanation = {
  rental: ID,
  name: 'build-box',
  phase: 'Active',
  node: 'worker_1',
  reason: 'Provisioned',
  message: 'the account on worker_1 is ready',
  since: READY,
  queuePosition: null,
  queueEstimateAt: null,
  wanted: null,
  placement: {
    ...placement,
    decision: {
      usable: 2,
      rank: {
        failedHere: 0,
        pickier: 0,
        failedLatelyAt: null,
        inZone: 0,
        restedSince: '2026-11-24T09:00:00.000Z',
      },
      passedOver: { nodes: [{ node: 'worker_2', reason: 'RankedLower' }], others: [] },
      breaker: { open: false, message: 'the fleet is well enough' },
    },
  },
  meanings: { RankedLower: 'The node could have been taken, but another one was preferred.' },
};

const SHA256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
const answer = { kind: 'applied', added: ['worker_6'], changed: [], retiring: [] };
const token = { id: 'k5x2m7q9ab', name: 'ci', tenant: 'demo', role: 'tenant' };

/** By schema name. */
export const EXAMPLES: Record<string, object> = {
  Rental: rental,
  Rented: { ...rental, privateKey: '-----BEGIN OPENSSH PRIVATE KEY-----\n…' },
  Node: node,
  TenantNode: tenantNode,
  Placed: { rental: ID, rentalName: 'build-box', ...placement },
  Explanation: explanation,
  Event: {
    seq: 812,
    at: READY,
    type: 'rental.active',
    rental: ID,
    node: 'worker_1',
    tenant: 'demo',
    rentalName: 'build-box',
    reason: 'Provisioned',
    message: 'the account on worker_1 is ready',
    actor: null,
  },
  Pool: {
    conditions: [
      {
        type: 'MovesAllowed',
        status: 'True',
        reason: 'MigrationResumed',
        lastTransitionTime: ASKED,
        message: 'the fleet is well enough',
      },
      {
        type: 'Paused',
        status: 'True',
        reason: 'Paused',
        lastTransitionTime: READY,
        message: 'nothing new begins; paused by admin (x3k5mzq7wv) of lab: new switch in rack-a',
      },
    ],
    pause: { reason: 'new switch in rack-a', by: 'admin (x3k5mzq7wv) of lab', at: READY },
    override: null,
  },
  PoolReason: { reason: 'new switch in rack-a' },
  BreakerOverride: { reason: 'rack-a burnt', confirm: true },
  Maintenance: { reason: 'new disk' },
  Token: { ...token, createdAt: ASKED, expiresAt: null, revokedAt: null },
  Tenant: {
    name: 'demo',
    used: { rentals: 2 },
    updatedAt: ASKED,
    limits: { maxRentals: 3, maxTtl: '2h', requestsPerMinute: 600, maxWaits: 20, maxWatches: 50 },
  },
  Session: {
    tenant: 'demo',
    role: 'tenant',
    token: { id: token.id, name: token.name },
    expiresAt: ENDS,
    csrfToken: 'q3vN…',
  },
  Trust: { fingerprint: 'SHA256:mVPwvezndPv/ARoIadVY98vAC0g+P/5633yTC4d/wXE' },
  Accept: { ids: ['3f786850e387550fdab836ed7e6dc881'], reason: 'unattended upgrade of cron' },
  Adopt: { fleet: 'f_0123456789abcdef01234567' },
  InventoryText: {
    text: 'defaults: { user: root, privateKey: /keys/control }\nnodes:\n  - { name: worker_1, host: 10.0.0.7, port: 22 }\n',
    file: 'inventory.yaml',
  },
  InventoryRequest: { sha256: SHA256, force: false },
  InventoryAnswer: answer,
  InventoryState: { sha256: SHA256, appliedAt: READY, requested: 3, answered: 3, answer },
  FleetPlan: {
    sha256: SHA256,
    nodes: [{ node: 'worker_1', action: 'remove', changes: [] }],
    rentals: [
      {
        rental: ID,
        name: 'build-box',
        tenant: 'demo',
        effect: 'moves',
        from: 'worker_1',
        to: 'worker_2',
        message: 'moves from worker_1 to worker_2',
      },
    ],
    policy: [{ key: 'policy.lease.max', before: '12h', after: '24h' }],
    refused: null,
    notAnswering: [],
  },
  WebhookDelivery: {
    id: 'msg_812_5f0c9a1be27d',
    type: 'rental.active',
    rental: ID,
    tenant: 'demo',
    url: 'https://example.com/orion',
    state: 'delivered',
    attempts: 1,
    createdAt: READY,
    nextAttemptAt: null,
    lastError: null,
    endedAt: '2026-11-24T14:12:37.901Z',
  },
  WebhookSecret: {
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw…',
    version: 1,
    rotatedAt: null,
    previousValidUntil: null,
  },
};
