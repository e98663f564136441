import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingMessage, request as send } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_POLICY } from '../../core/model/policy.ts';
import { type RentalSpec, SPEC_DEFAULTS } from '../../core/model/rental.ts';
import type { Leadership } from '../../core/ports/leadership.ts';
import type { Store } from '../../core/ports/stores.ts';
import { NOTHING_ALLOWED } from '../../core/text/webhook-url.ts';
import { createMetrics } from '../../daemon/metrics.ts';
import { parseInventory } from '../../inventory/load.ts';
import { startScratchServer } from '../../lab/scratch-database.ts';
import { createTokenSecret } from '../../secrets/token-secret.ts';
import { openAsApiUser } from '../../store/api-user.fixture.ts';
import { createPool } from '../../store/connection/pool.ts';
import { bindSave, event, fleetOf, nodeSpec } from '../../store/contract/samples.fixture.ts';
import { migrate } from '../../store/migration/migrate.ts';
import { createStore } from '../../store/store.ts';
import { KEY } from '../api.fixture.ts';
import { createApp } from '../app.ts';
import { createRefusals } from '../caller/refusals.ts';
import {
  createSessionSecret,
  csrfTokenOf,
  hashSessionSecret,
  SESSION_COOKIE,
} from '../caller/session-cookie.ts';
import type { Answered } from '../description/described.fixture.ts';
import { startServer } from '../server.ts';
import { createWatchHub } from '../watch/watch-hub.ts';
import type { FuzzRequest, Role } from './request.fixture.ts';
import type { Hints } from './values.fixture.ts';

// The API served over HTTP on a real database. The reconciler is replaced by one that grants everything.

export interface FuzzBench {
  /** Good values for the call at that path of the description. */
  hintsFor(path: string): Hints;
  send(request: FuzzRequest): Promise<Answered>;
  close(): Promise<void>;
}

const NODES = ['worker_1', 'worker_2', 'worker_3'];
/** Shows a host key other than the known one. */
const STRANGE = 'worker_2';
const OTHER_FLEET = `f_${'a'.repeat(24)}`;
/** Differs from its baseline. */
const DIFFERING = 'worker_3';
const DIFFERENCE = { id: 'a'.repeat(32), kind: 'schedules', text: '/etc/cron.d/site' };
const OTHER_TENANT = 'lab';
const FINGERPRINT = `SHA256:${'A'.repeat(43)}`;
const INVENTORY = 'defaults: { user: root, privateKey: /k }\nnodes:\n  - { name: a, host: h, port: 22 }\n';

export async function openFuzzBench(): Promise<FuzzBench> {
  const home = await mkdtemp(join(tmpdir(), 'orion-fuzz-'));
  const database = await startScratchServer();
  const url = await database.createDatabase();
  const pool = createPool({ url });
  await migrate(pool);
  const store = createStore(pool);
  // With the same rights as in compose.
  const apiPool = await openAsApiUser(pool, url);
  const apiStore = createStore(apiPool);
  const leader = (await store.acquire({ holder: 'fuzz', durationMs: 3_600_000 })) as Leadership;
  await store.applyInventory(leader, fleetOf(NODES.map((name) => nodeSpec(name))), new Date());
  const quiet = () => undefined;
  const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  const watch = createWatchHub({ store: apiStore, logger });
  const clock = { now: () => new Date(), monotonicMs: () => performance.now(), after: () => quiet };
  const refusals = createRefusals({ store: apiStore, clock, logger });
  const version = '0.0.0';
  let settling = Promise.resolve();
  const app = createApp({
    store: apiStore,
    logger,
    watch,
    version,
    isShuttingDown: () => false,
    policy: DEFAULT_POLICY,
    clock,
    refusals,
    trustedProxies: [],
    metrics: createMetrics({ store: apiStore, logger }),
    webhooks: { allowed: NOTHING_ALLOWED, secretOf: (tenant, number) => `whsec_${tenant}${number}` },
    parseInventory: (text, name) => parseInventory(text, name, {}),
    wake() {
      settling = settling.then(() => settle(store, leader)).catch(quiet);
    },
  });
  const socketPath = join(home, 'api.sock');
  const server = await startServer({ app, listen: { kind: 'unix', path: socketPath }, logger });
  const tokens = { admin: await makeToken(store, 'admin'), tenant: await makeToken(store, 'tenant') };
  const hints = await seed(store, leader, tokens.tenant.token);
  const ofPath: Record<string, Hints> = {
    '/docs/{version}/{file}': await fileHints(app, '/docs'),
    '/assets/{version}/{file}': await fileHints(app, '/'),
    '/api/nodes/{name}/trust': { name: [STRANGE] },
    '/api/nodes/{name}/adopt': { name: [STRANGE] },
    '/api/nodes/{name}/accept': { name: [DIFFERING] },
    // PUT wants the same name in both places.
    '/api/rentals/{id}': { id: [...(hints.id ?? []), ...Array(8).fill('new-box')], name: ['new-box'] },
    // Not the tenants that make the requests: their own limits would stop the rest.
    '/api/tenants/{name}': { name: [OTHER_TENANT] },
  };

  async function credentials(role: Role): Promise<Record<string, string>> {
    if (role === 'nobody') return {};
    if (role === 'badToken') return { authorization: `Bearer orion_aaaaaaaaaa_${'A'.repeat(43)}` };
    if (role === 'admin' || role === 'tenant') return { authorization: `Bearer ${tokens[role].token}` };
    const secret = createSessionSecret();
    const times = { createdAt: new Date(), expiresAt: new Date(Date.now() + 60_000) };
    await store.createSession({ hash: hashSessionSecret(secret), tokenId: tokens.admin.id, ...times });
    const cookie = `${SESSION_COOKIE}=${secret}`;
    return role === 'session' ? { cookie, 'x-csrf-token': csrfTokenOf(secret) } : { cookie };
  }

  return {
    hintsFor: (path) => ({ ...hints, ...ofPath[path] }),
    async send(request) {
      const headers = { ...(await credentials(request.role)), ...request.headers };
      return await exchange(socketPath, { ...request, headers });
    },
    async close() {
      watch.close();
      await server.close();
      await settling;
      await apiPool.close();
      await pool.close();
      await database.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Makes every waiting rental ready and answers every inventory request. */
async function settle(store: Store, leader: Leadership): Promise<void> {
  for (const id of await store.listDirtyRentals()) {
    const rental = await store.loadRental(id);
    if (!rental) continue;
    const isReleased = rental.releaseRequestedAt !== null;
    const end = isReleased
      ? { phase: 'Released' as const, endedAt: new Date() }
      : { phase: 'Active' as const };
    const record = { ...rental.record, ...end };
    const change = { id, record, seenGeneration: rental.generation, seenReleaseRequested: isReleased };
    const about = { rentalId: id, tenant: rental.tenant, at: new Date() };
    await store.save(leader, { rentals: [change], events: [event({ ...about, type: 'rental.status' })] });
  }
  await store.numberEvents(leader);
  const state = await store.loadInventoryState();
  if (!state || state.answered >= state.requested) return;
  const reason = 'InventoryInvalid';
  const refused = { kind: 'refused', reason, message: 'line 1: no' } as const;
  if (state.requested % 2 === 0) await store.refuseInventory(leader, refused, state.requested, new Date());
  else {
    const fleet = fleetOf(NODES.map((name) => nodeSpec(name)));
    await store.applyInventory(leader, { ...fleet, answering: state.requested }, new Date());
  }
}

async function makeToken(
  store: Store,
  role: 'admin' | 'tenant',
  tenant: string = role,
): Promise<{ id: string; token: string }> {
  const { id, token, hash } = createTokenSecret();
  await store.createToken({ id, hash, role, name: role, tenant, createdAt: new Date(), expiresAt: null });
  return { id, token };
}

/** Creates something of each kind, so that calls can answer more than 404. Returns its names as hints. */
async function seed(store: Store, leader: Leadership, token: string): Promise<Hints> {
  const victims = [await makeToken(store, 'tenant'), await makeToken(store, 'tenant')];
  await makeToken(store, 'tenant', OTHER_TENANT);
  const spec: RentalSpec = {
    ...SPEC_DEFAULTS,
    sshPublicKey: KEY,
    ttlMs: 3_600_000,
    webhookUrl: 'https://hook.example.com/',
  };
  for (const [index, name] of ['box', 'box-2'].entries()) {
    const rental = {
      id: `r_seed${index}`,
      name,
      tenant: 'tenant',
      account: `r${index}`,
      createdAt: new Date(),
    };
    const about = { rentalId: rental.id, tenant: 'tenant' };
    const key = { idempotencyKey: null, requestHash: null };
    await store.createRental({ ...rental, ...key, spec }, event({ ...about, type: 'rental.created' }));
    const type = 'rental.active' as const;
    const body = () => ({ type, timestamp: new Date().toISOString(), data: {} }) as never;
    const notice = { type, url: spec.webhookUrl ?? '', body };
    await store.save(leader, { events: [event({ ...about, type, notice })] });
  }
  const bound = await bindSave(store, 'r_seed0', 'worker_1');
  // A resumed watch would send the event's object, which is no rental.
  await store.save(leader, { ...bound, events: bound.events.map((each) => ({ ...each, object: null })) });
  const strange = await store.loadNode(STRANGE);
  if (strange) {
    const shows = { offeredFingerprint: FINGERPRINT, otherFleet: OTHER_FLEET };
    const record = { ...strange.record, ...shows, state: 'free' as const };
    await store.save(leader, { nodes: [{ name: STRANGE, record }], events: [] });
  }
  const differing = await store.loadNode(DIFFERING);
  if (differing) {
    const differences = { items: [DIFFERENCE], more: 0, others: 0 };
    const record = { ...differing.record, differences, state: 'quarantined' as const };
    await store.save(leader, { nodes: [{ name: DIFFERING, record }], events: [] });
  }
  // So that there is a breaker to override.
  await store.save(leader, { events: [event({ type: 'pool.breaker_opened', reason: 'MigrationHeld' })] });
  const page = { limit: 10, cursor: null };
  const { items } = await store.listDeliveries(null, { state: null, rentalId: null }, page);
  const ids = [...victims.map(({ id }) => id), ...items.map(({ messageId }) => messageId)];
  return {
    id: ['r_seed0', 'box', 'r_seed1', ...ids],
    name: [...NODES, 'box', 'box-2'],
    node: NODES,
    sshPublicKey: [KEY],
    ttl: ['1h', '10s'],
    maxTtl: ['2h', null],
    after: ['0s', '5m'],
    wait: ['0s', '20ms'],
    expiresIn: ['1h'],
    zone: ['a', null],
    text: [INVENTORY],
    fingerprint: [FINGERPRINT],
    fleet: [OTHER_FLEET],
    ids: [[DIFFERENCE.id]],
    token: [token],
    rental: ['r_seed0'],
    webhookUrl: ['https://hook.example.com/', null, 'http://127.0.0.1/'],
    cursor: ['1', 'worker_1'],
    selector: [{}, { matchLabels: { size: 's' } }],
    type: ['rental.created'],
    sha256: ['f'.repeat(64)],
  };
}

/** The page's files are at addresses that only the page names. */
async function fileHints(app: { request(path: string): Response | Promise<Response> }, page: string) {
  const html = await (await app.request(page)).text();
  const files = [...html.matchAll(/\/(?:docs|assets)\/([^/"]+)\/([^/"]+)"/g)];
  return { version: files.map(([, version]) => version), file: files.map(([, , file]) => file) };
}

/** A stream is read up to its first message, or for as long as one would take to arrive. */
const STREAM_MS = 40;
const DEADLINE_MS = 20_000;

function exchange(
  socketPath: string,
  { method, path, headers, body }: Omit<FuzzRequest, 'role'>,
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const length = body === null ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const options = { socketPath, method, path, headers: { ...headers, ...length }, timeout: DEADLINE_MS };
    const sent = send(options, (response) => {
      read(response).then((text) => {
        const all = Object.entries(response.headersDistinct).map(([name, values = []]) => [
          name,
          values.join(', '),
        ]);
        const status = response.statusCode ?? 0;
        resolve({ method, path, status, headers: new Headers(all as [string, string][]), text });
      }, reject);
    });
    sent.on('error', reject).on('timeout', () => sent.destroy(new Error('no answer in time')));
    sent.end(body ?? undefined);
  });
}

async function read(response: IncomingMessage): Promise<string> {
  const isStream = response.headers['content-type'] === 'text/event-stream';
  const timer = isStream ? setTimeout(() => response.destroy(), STREAM_MS) : undefined;
  let text = '';
  response.setEncoding('utf8');
  try {
    for await (const chunk of response) {
      text += chunk;
      if (isStream && text.includes('\n\n')) break;
    }
  } catch (error) {
    // Cut off by the timer above.
    if (!isStream) throw error;
  } finally {
    clearTimeout(timer);
    response.destroy();
  }
  return text;
}
