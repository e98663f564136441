import type { Reason } from '../../core/failure/reason.ts';
import type { Condition } from '../../core/model/condition.ts';
import type { Node } from '../../core/model/node.ts';
import type { Placement, RentalRecord } from '../../core/model/rental.ts';
import { type ApiBench, now, sampleNode, samplePlacement } from '../api.fixture.ts';

// Fleets that the dashboard may have to show, on an in-memory store: everything at once, long names, and many.

const LONG_NODE = 'build-machine-with-a-very-long-name.row-17.eu-central-1.example.internal';
const LONG_RENTAL = 'a-name-of-sixty-three-letters-is-what-a-dns-label-may-have-xxxx';
const ZONES = ['rack-a', 'rack-b', 'rack-c', 'the-zone-with-a-name-that-is-longer-than-most', null];

const ago = (seconds: number) => new Date(now.getTime() - seconds * 1_000);
const condition = (type: string, status: Condition['status'], reason: Reason, message = ''): Condition => ({
  type,
  status,
  reason,
  message,
  lastTransitionTime: ago(3_700).toISOString(),
});

const KEPT = {
  reason: 'a new disk comes on Friday, and the fan of the power supply is to be looked at',
  by: 'operator-of-the-night-shift (x3k5mzq7wv) of lab',
  at: ago(5_400),
};

/** A node in each state and a rental in each phase, which belong to `anna` and `ben`. */
export async function fillSmall(bench: ApiBench): Promise<void> {
  const { store } = bench;
  const states: [string, Node['record']['state'], Partial<Node['requests']>, Condition[]][] = [
    ['worker_1', 'allocated', {}, [condition('Reachable', 'True', 'Alive')]],
    [
      'worker_2',
      'free',
      {},
      [
        condition('Reachable', 'True', 'Alive'),
        condition('Clean', 'True', 'Clean'),
        condition('Provisioned', 'False', 'NotProvisioned', 'nothing is placed here'),
      ],
    ],
    [
      'worker_3',
      'dead',
      {},
      [condition('Reachable', 'False', 'DialTimeout', 'no answer from 10.0.0.9:2200 within 3 s')],
    ],
    [
      'worker_4',
      'quarantined',
      {},
      [condition('Clean', 'False', 'ResidueFound', '/var/spool/cron/crontabs/r7f3k2a9')],
    ],
    ['worker_5', 'cleaning', {}, []],
    ['worker_6', 'provisioning', {}, []],
    ['worker_7', 'unknown', {}, []],
    ['worker_8', 'free', { cordoned: true, maintenance: KEPT }, []],
    ['worker_9', 'allocated', { draining: true }, []],
    [
      'worker_10',
      'allocated',
      {},
      [condition('Reachable', 'False', 'EchoTimeout', 'the held session did not answer')],
    ],
    ['worker_11', 'free', {}, []],
    [LONG_NODE, 'free', {}, []],
  ];
  states.forEach(([name, state, requests, conditions], i) => {
    const node = sampleNode(name, ZONES[i % 3] ?? null);
    const spec = {
      ...node.spec,
      labels: { size: i % 2 ? 'large' : 'small', 'gpu.example.com/model': 'a100' },
    };
    const isSilent = conditions.some((each) => each.type === 'Reachable' && each.status === 'False');
    const status = state === 'dead' ? ('dead' as const) : ('alive' as const);
    store.addNode({
      ...node,
      spec,
      requests: { ...node.requests, ...requests },
      record: { ...node.record, state, status, conditions, unreachableSince: isSilent ? ago(3_700) : null },
    });
  });
  await addRental(bench, 'anna', 'build-box', { phase: 'Active' }, [
    ['worker_3', 'NodeDead'],
    ['worker_1', null],
  ]);
  const moves = [condition('Ready', 'False', 'Migrating', 'moving from worker_10 to worker_11')];
  const migrating = { phase: 'Migrating', conditions: moves } as const;
  await addRental(bench, 'ben', LONG_RENTAL, migrating, [['worker_10', null]]);
  const lost = [condition('Ready', 'False', 'NoFreeNode', 'no healthy free node matches now')];
  await addRental(bench, 'anna', 'nightly', { phase: 'Lost', conditions: lost }, [['worker_9', null]]);
  const over = { phase: 'Released', endedAt: ago(3_900) } as const;
  await addRental(bench, 'anna', 'ended-by-now', over, [['worker_2', 'Released']]);
  await addRental(bench, 'ben', 'preparing', { phase: 'Provisioning' }, [['worker_6', null]]);
  const waits = [condition('Ready', 'False', 'NoFreeNode', 'every matching node is taken or unusable now')];
  await addRental(
    bench,
    'anna',
    'first-in-line',
    { phase: 'Pending', queuePosition: 1, queueEstimateAt: ago(-12.9 * 60), conditions: waits },
    [],
  );
  await addRental(
    bench,
    'ben',
    'second-in-line',
    { phase: 'Pending', queuePosition: 2, conditions: waits },
    [],
  );
  const never = [
    condition('Ready', 'False', 'Unsatisfiable', 'no node of the fleet can ever match the selector'),
  ];
  await addRental(bench, 'anna', 'too-large', { phase: 'Pending', conditions: never }, []);
  store.setNodeState('worker_3', 'node.dead', {});
  store.setNodeState('worker_4', 'node.quarantined', {});
}

/** Too many to look at one by one. */
export function fillLarge({ store }: ApiBench, count: number): void {
  const states = ['free', 'allocated', 'free', 'allocated', 'cleaning', 'allocated', 'free'] as const;
  for (let i = 1; i <= count; i++) {
    const node = sampleNode(`node-${i}`, ZONES[i % ZONES.length] ?? null);
    const state =
      i % 41 === 0 ? 'dead' : i % 57 === 0 ? 'quarantined' : (states[i % states.length] ?? 'free');
    store.addNode({
      ...node,
      record: { ...node.record, state, status: state === 'dead' ? 'dead' : 'alive' },
    });
  }
}

/** `places` are the nodes that it was on, with the reason why it left each; null: it is still there. */
async function addRental(
  bench: ApiBench,
  tenant: 'anna' | 'ben',
  name: string,
  status: Partial<RentalRecord>,
  places: [node: string, endReason: Reason | null][],
): Promise<void> {
  const id = await bench.make(tenant, {
    name,
    selector: { matchLabels: { size: 'large' } },
    labels: { team: 'build' },
  });
  const rental = bench.store.rentals.get(id);
  if (!rental) throw new Error(`${name} was not stored`);
  const placements = places.map(([node, endReason], i): Placement => {
    const epoch = bench.store.rentals.size * 10 + i;
    const changes: Partial<Placement> = {
      epoch,
      startedAt: ago(5_000 - i * 1_000),
      readyAt: ago(4_990 - i * 1_000),
    };
    if (status.phase === 'Provisioning') return samplePlacement(rental, node, { ...changes, readyAt: null });
    if (endReason === null) return samplePlacement(rental, node, changes);
    const at = ago(3_900);
    const report: Placement['report'] = {
      attempts: 2,
      outcome: 'failed',
      reason: 'ResidueFound',
      message: 'it is not clean',
      at: at.toISOString(),
      found: {
        at: at.toISOString(),
        items: ['file /var/tmp/left-behind-by-a-client', 'process 4711 sleep'],
        more: 3,
      },
    };
    return samplePlacement(rental, node, { ...changes, endedAt: at, endReason, report });
  });
  const conditions = status.conditions ?? [condition('Ready', 'True', 'Provisioned', 'the account is ready')];
  const expiresAt = placements.length > 0 ? new Date(now.getTime() + 4 * 3_600_000) : null;
  bench.store.setStatus(id, 'rental.active', { expiresAt, ...status, conditions }, placements);
}
