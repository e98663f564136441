import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Node } from '../core/model/node.ts';
import { DEFAULT_POLICY } from '../core/model/policy.ts';
import type { Placement, Rental } from '../core/model/rental.ts';
import { NOTHING_ALLOWED } from '../core/text/webhook-url.ts';
import { createMetrics } from '../daemon/metrics.ts';
import { createTokenSecret } from '../secrets/token-secret.ts';
import type { AppEnv } from './app-env.ts';
import { createRefusals } from './caller/refusals.ts';
import { checkedApp } from './description/checked-app.fixture.ts';
import { createPlayedStore, type PlayedStore } from './played-store.fixture.ts';
import { createWatchHub, type WatchHub, type WatchLimits } from './watch/watch-hub.ts';

// The API on an in-memory store, with two tenants and an administrator, for the tests of src/api.

export const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
export const now = new Date('2026-01-02T03:04:05.678Z');

export interface ApiBench {
  /** Every answer to its `request` is checked against the description. */
  app: OpenAPIHono<AppEnv>;
  store: PlayedStore;
  watch: WatchHub;
  /** Secrets by their holder. */
  tokens: Record<'anna' | 'ben' | 'admin', string>;
  logged: { fields: object; message: string }[];
  /** A millisecond passes: what is made from now on is younger. */
  tick(): void;
  /** Ends the minute over which refusals are counted. */
  endMinute(): Promise<void>;
  setShuttingDown(): void;
  /** A call as one of the three, with a JSON body when one is given. */
  call(
    who: 'anna' | 'ben' | 'admin',
    line: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Response>;
  /** Stores a rental of that tenant through the API and returns its id. */
  make(who: 'anna' | 'ben', body?: object): Promise<string>;
}

const secretOf = (tenant: string, version: number) => `whsec_of-${tenant}-${version}`;

export async function createApiBench(
  limits: Partial<WatchLimits> = {},
  options: { noWebhooks?: boolean } = {},
): Promise<ApiBench> {
  let nowMs = now.getTime();
  const tick = () => void nowMs++;
  const store = createPlayedStore(() => new Date(nowMs));
  const logged: ApiBench['logged'] = [];
  const log = (fields: object, message: string) => void logged.push({ fields, message });
  const logger = { debug: log, info: log, warn: log, error: log };
  const watch = createWatchHub({ store, logger }, limits);
  // No alarm ever fires: the minute ends when a test says so.
  const clock = {
    now: () => new Date(nowMs),
    monotonicMs: () => performance.now(),
    after: () => () => undefined,
  };
  const refusals = createRefusals({ store, clock, logger });
  let shuttingDown = false;
  const app = checkedApp({
    store,
    logger,
    watch,
    version: '0.0.0',
    isShuttingDown: () => shuttingDown,
    clock,
    refusals,
    trustedProxies: [],
    policy: DEFAULT_POLICY,
    metrics: createMetrics({ store, logger }),
    webhooks: { allowed: NOTHING_ALLOWED, secretOf: options.noWebhooks ? null : secretOf },
    parseInventory: () => ({ ok: false, problems: ['inventory.yaml:1:1: not used here'] }),
  });
  const tokens = { anna: '', ben: '', admin: '' };
  for (const [n, who] of (['anna', 'ben', 'admin'] as const).entries()) {
    const { id, token, hash } = createTokenSecret();
    const role = who === 'admin' ? 'admin' : 'tenant';
    const createdAt = new Date(now.getTime() - 3 + n);
    await store.createToken({ id, hash, name: who, tenant: who, role, createdAt, expiresAt: null });
    tokens[who] = token;
  }
  const call: ApiBench['call'] = async (who, line, body, headers = {}) => {
    const [method = 'GET', path = '/'] = line.split(' ');
    const text = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body);
    const all = new Headers({ authorization: `Bearer ${tokens[who]}` });
    if (text !== null) {
      all.set('content-type', 'application/json');
      // The server would have set it; a Request made here has none.
      all.set('content-length', String(Buffer.byteLength(text)));
    }
    for (const [name, value] of Object.entries(headers)) all.set(name, value);
    const init = { method, headers: all };
    return await app.request(path, text === null ? init : { ...init, body: text });
  };
  const make: ApiBench['make'] = async (who, body = {}) => {
    const response = await call(who, 'POST /api/rentals', { sshPublicKey: KEY, ...body });
    const { id } = (await response.json()) as { id: string };
    return id;
  };
  const setShuttingDown = () => {
    shuttingDown = true;
  };
  return { app, store, watch, tokens, logged, tick, endMinute: refusals.close, setShuttingDown, call, make };
}

export function sampleNode(name: string, zone: string | null = 'rack-a'): Node {
  return {
    spec: {
      name,
      host: '10.0.0.9',
      port: 2200,
      user: 'root',
      privateKeyPath: '/keys/control',
      pinnedHostKey: null,
      clientHost: '127.0.0.1',
      clientPort: 22221,
      zone,
      labels: { size: 'small' },
      retiring: false,
    },
    requests: {
      cordoned: false,
      draining: false,
      maintenance: null,
      cleanRequested: 0,
      trustedFingerprint: null,
      forgetting: false,
      adoptRequested: 0,
      acceptRequested: 0,
      accept: null,
    },
    record: {
      status: 'alive',
      state: 'free',
      stateSince: now,
      hostKey: 'ssh-ed25519 AAAAHOST',
      conditions: [],
      preparedAt: now,
      verifiedAt: now,
      attempt: 0,
      nextAttemptAt: null,
      lastFailedAt: null,
      deaths: 0,
      bootId: null,
      restartedAt: null,
      silentSince: null,
      limits: null,
      unreachableSince: null,
      quarantinedAt: null,
      lastCleaningReason: null,
      nextUid: 20_000,
      cleanSeen: 0,
      otherFleet: null,
      adoptSeen: 0,
      resourceVersion: 1,
      differences: null,
      acceptSeen: 0,
      offeredFingerprint: null,
      observedGeneration: 1,
    },
    generation: 1,
    lastCheckedAt: now,
  };
}

export function samplePlacement(rental: Rental, node: string, changes: Partial<Placement> = {}): Placement {
  return {
    epoch: 41,
    rentalId: rental.id,
    node,
    role: 'serving',
    account: rental.account,
    uid: 20_000,
    startedAt: now,
    readyAt: now,
    appliedKey: rental.spec.sshPublicKey,
    appliedExpiresAt: null,
    endedAt: null,
    endReason: null,
    cleanedAt: null,
    ...changes,
  };
}
