import type { NodeSpec } from '../core/model/node.ts';
import { DEFAULT_POLICY, type Policy } from '../core/model/policy.ts';
import { type Chance, createChance } from './chance.ts';
import type { Action, MachineFault, Plan } from './plan.ts';

export interface PlanSize {
  nodes: number;
  rentals: number;
  faults: number;
}

const FULL_SIZE: PlanSize = { nodes: 20, rentals: 12, faults: 64 };

export function createPlan(seed: number, size: PlanSize = FULL_SIZE): Plan {
  const chance = createChance(seed, 'plan');
  // Mostly short and dense; some have to be long enough for a node to die again and again.
  const endsAtMs = chance.isLucky(0.2) ? chance.between(120_000, 160_000) : chance.between(55_000, 95_000);
  const actions: Action[] = [];
  for (let index = 0; index < size.rentals; index++) {
    actions.push(rent(chance, chance.between(0, index < 8 ? 40_000 : endsAtMs)));
  }
  const clients = chance.fork('clients');
  for (let index = 0; index < size.rentals * 4; index++) {
    actions.push(clientAction(clients, clients.between(20_000, endsAtMs)));
  }
  const faults = chance.fork('faults');
  for (let index = 0; index < size.faults; index++) {
    actions.push(fault(faults, size, faults.between(3_000, endsAtMs - 1_000)));
  }
  actions.push(...controls(chance.fork('controls'), endsAtMs));
  actions.push(...newcomers(chance.fork('newcomers'), size));
  actions.sort((a, b) => a.atMs - b.atMs);
  const specs = Array.from({ length: size.nodes }, (_, index) => createSpec(index));
  return { seed, specs, policy: createPolicy(chance.fork('policy')), daemons: 2, actions, endsAtMs };
}

const TENANTS = ['lab', 'north', 'south'];

function rent(chance: Chance, atMs: number): Action {
  return {
    atMs,
    kind: 'rent',
    tenant: TENANTS[atMs % TENANTS.length] as string,
    zone: chance.isLucky(0.3) ? chance.pick(['a', 'b', 'c']) : null,
    ttlMs: chance.pick([120_000, 600_000, 3_600_000, 86_400_000]),
    reject: chance.isLucky(0.15),
    waits: chance.isLucky(0.15),
    graceMs: chance.isLucky(0.2) ? 20_000 : 0,
    broken: chance.isLucky(0.06),
  };
}

function clientAction(chance: Chance, atMs: number): Action {
  const kind = chance.pick([
    'rent',
    'release',
    'release',
    'renew',
    'changeKey',
    'use',
    'use',
    'repeat',
    'request',
  ]);
  const which = chance.between(0, 999);
  if (kind === 'rent') return rent(chance, atMs);
  if (kind === 'request') {
    const what = chance.pick([
      'cordon',
      'uncordon',
      'uncordon',
      'drain',
      'clean',
      'forget',
      'trust',
    ] as const);
    return { atMs, kind, what, which };
  }
  return { atMs, kind: kind as 'release', which };
}

/** Some operators pause everything for a while, or override the breaker. */
function controls(chance: Chance, endsAtMs: number): Action[] {
  const actions: Action[] = [];
  if (chance.isLucky(0.2)) {
    const atMs = chance.between(5_000, endsAtMs - 10_000);
    actions.push({ atMs, kind: 'control', what: 'pause' });
    actions.push({ atMs: atMs + chance.pick([500, 5_000, 20_000]), kind: 'control', what: 'resume' });
  }
  if (chance.isLucky(0.2)) {
    actions.push({ atMs: chance.between(10_000, endsAtMs), kind: 'control', what: 'override' });
  }
  return actions;
}

/** In some fleets many machines are listed before anybody has switched them on. */
function newcomers(chance: Chance, { nodes }: PlanSize): Action[] {
  if (!chance.isLucky(0.25)) return [];
  const count = Math.ceil(nodes * (0.2 + 0.4 * chance.next()));
  const first = chance.between(0, nodes - 1);
  return [{ atMs: 0, kind: 'mass', what: 'off', first, count, forMs: chance.pick([30_000, 90_000]) }];
}

const MACHINE_FAULTS: MachineFault[] = [
  ...(['off', 'off', 'refusing', 'refusing', 'frozen', 'cut', 'cutThere', 'cutBack', 'slow'] as const),
  ...(['listener', 'flapping', 'hostKey', 'failing', 'removal', 'restart'] as const),
];

function fault(chance: Chance, size: PlanSize, atMs: number): Action {
  const roll = chance.next();
  const which = chance.between(0, 999);
  if (roll < 0.4) {
    const what = chance.pick(MACHINE_FAULTS);
    return { atMs, kind: 'machine', what, which, forMs: chance.pick([400, 4_000, 15_000, 45_000, 150_000]) };
  }
  if (roll < 0.44) {
    const count = Math.ceil(size.nodes * (0.3 + 0.7 * chance.next()));
    const what = chance.pick(['off', 'refusing', 'frozen', 'cut'] as const);
    return { atMs, kind: 'mass', what, first: which, count, forMs: chance.pick([3_000, 30_000, 120_000]) };
  }
  if (roll < 0.6) {
    const what = chance.pick(['fails', 'half', 'hangs', 'lostReply', 'late'] as const);
    return { atMs, kind: 'playbook', what, which };
  }
  if (roll < 0.76) {
    const what = chance.pick(['notExecuted', 'lostReply', 'unknown', 'conflict', 'slow'] as const);
    return { atMs, kind: 'database', what, which, calls: chance.between(1, 40) };
  }
  if (roll < 0.78) return { atMs, kind: 'outage', forMs: chance.pick([500, 5_000, 25_000]) };
  if (roll < 0.82)
    return {
      atMs,
      kind: 'inventory',
      what: chance.pick(['remove', 'remove', 'add', 'change', 'halve']),
      which,
    };
  const what = chance.pick([
    ...(['kill', 'killAtCall', 'killAtCall', 'stop', 'stopAtCall', 'stopAtCall', 'restart'] as const),
    ...(['cutFromDatabase', 'cutFromMachines', 'clockJump'] as const),
  ]);
  const forMs = chance.pick([500, 5_000, 20_000, 60_000]);
  return {
    atMs,
    kind: 'daemon',
    what,
    which,
    calls: chance.between(1, 60),
    after: chance.isLucky(0.5),
    forMs,
  };
}

export function createSpec(index: number): NodeSpec {
  const name = `n${String(index + 1).padStart(2, '0')}`;
  const port = 22_001 + index;
  const address = { host: '127.0.0.1', port, clientHost: '127.0.0.1', clientPort: port };
  const access = { user: 'root', privateKeyPath: '/keys/control', pinnedHostKey: null };
  const zone = ['a', 'b', 'c'][index % 3] as string;
  return { name, ...address, ...access, zone, labels: { size: 'small' }, retiring: false };
}

/**
 * The shipped policy, the demonstration's, and ones in between. Runs get short timeouts, since a history is short.
 */
function createPolicy(chance: Chance): Policy {
  const { probe, provision, migrate } = DEFAULT_POLICY;
  const eager = { intervalMs: 30_000, deadAfterMs: 5_000, successes: 1, healthyDelayMs: 0 };
  const brisk = { intervalMs: 10_000, timeoutMs: 5_000, deadAfterMs: 15_000, healthyDelayMs: 10_000 };
  const tight = { maxInFlight: 1, intervalMs: 0 };
  const slow = { maxInFlight: 1, intervalMs: 60_000 };
  const strict = { ...brisk, healthyDelayMs: -1 };
  const breaker = { ...migrate.breaker, cooldownMs: chance.pick([15_000, 15_000, 60_000]) };
  return {
    ...DEFAULT_POLICY,
    probe: { ...probe, ...chance.pick([{}, eager, eager, eager, brisk, brisk, strict]) },
    migrate: { ...migrate, breaker, ...chance.pick([{}, tight, slow, { maxPerRental: 1 }]) },
    provision: { ...provision, timeoutMs: chance.pick([20_000, 60_000]), retries: chance.pick([5, 5, 0]) },
    clean: { timeoutMs: chance.pick([20_000, 60_000]), retries: chance.pick([2, 5]) },
  };
}
