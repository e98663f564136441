import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { sampleNode, samplePlacement } from '../api/api.fixture.ts';
import { createPlayedStore, type PlayedStore } from '../api/played-store.fixture.ts';
import { aRental } from '../core/rows.fixture.ts';
import { createMetrics, type PrometheusMetrics } from './metrics.ts';

let store: PlayedStore;
let metrics: PrometheusMetrics;
const warnings: string[] = [];
const note = (_fields: object, message: string) => void warnings.push(message);

beforeEach(() => {
  store = createPlayedStore(() => new Date());
  metrics = createMetrics({ store, logger: { debug: note, info: note, warn: note, error: note } });
});

/** The lines of one metric, as `labels value`. */
async function linesOf(name: string): Promise<string[]> {
  const { text } = await metrics.scrape();
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .map((line) => line.slice(name.length).trim())
    .toSorted();
}

function setReachable(name: string, status: 'True' | 'False', reason: 'Alive' | 'ConnectionRefused'): void {
  const condition = { type: 'Reachable', status, reason, message: '', lastTransitionTime: '' } as const;
  store.setNodeState(name, 'node.condition', { conditions: [condition] });
}

describe('the fleet, as the database has it at the scrape', () => {
  test('nodes by state, with a zero for each that none is in, and how many are free', async () => {
    for (const name of ['w1', 'w2', 'w3']) store.addNode(sampleNode(name));
    store.setNodeState('w3', 'node.dead', { state: 'dead', status: 'dead' });
    const cordoned = sampleNode('w4');
    store.addNode({ ...cordoned, requests: { ...cordoned.requests, cordoned: true } });
    const rental = aRental();
    store.putRental({ ...rental, placements: [samplePlacement(rental, 'w2')] });
    expect(await linesOf('orion_nodes')).toEqual([
      '{state="allocated"} 0',
      '{state="cleaning"} 0',
      '{state="dead"} 1',
      '{state="free"} 3',
      '{state="provisioning"} 0',
      '{state="quarantined"} 0',
      '{state="unknown"} 0',
    ]);
    expect(await linesOf('orion_nodes_free')).toEqual(['1']);
  });

  test('conditions as counts, and of a node that cannot be reached the reason, until it can', async () => {
    for (const name of ['w1', 'w2']) store.addNode(sampleNode(name));
    setReachable('w1', 'False', 'ConnectionRefused');
    setReachable('w2', 'True', 'Alive');
    expect(await linesOf('orion_node_conditions')).toEqual([
      '{type="Reachable",status="False",reason="ConnectionRefused"} 1',
      '{type="Reachable",status="True",reason="Alive"} 1',
    ]);
    expect(await linesOf('orion_node_unreachable')).toEqual(['{node="w1",reason="ConnectionRefused"} 1']);
    setReachable('w1', 'True', 'Alive');
    expect(await linesOf('orion_node_conditions')).toEqual([
      '{type="Reachable",status="True",reason="Alive"} 2',
    ]);
    expect(await linesOf('orion_node_unreachable')).toEqual([]);
  });

  test('rentals by phase, of those that have not ended', async () => {
    const active = aRental({ record: { phase: 'Active' } });
    store.putRental(active);
    store.putRental(aRental({ id: 'r_2', record: { phase: 'Released', endedAt: new Date() } }));
    const lines = await linesOf('orion_rentals');
    expect(lines.filter((line) => !line.endsWith(' 0'))).toEqual(['{phase="Active"} 1']);
    expect(lines).toHaveLength(6);
  });

  test('messages that wait, and those that were given up', async () => {
    const message = {
      messageId: 'msg_1',
      type: 'rental.active' as const,
      rentalId: 'r_1',
      tenant: 't',
      url: 'https://x.example/',
      attempts: 0,
      createdAt: new Date(),
      nextAttemptAt: null,
      lastError: null,
      endedAt: null,
    };
    expect(await linesOf('orion_webhook_deliveries')).toEqual(['{state="dead"} 0', '{state="pending"} 0']);
    for (const state of ['pending', 'dead', 'dead', 'delivered'] as const) {
      store.addDelivery({ ...message, state });
    }
    expect(await linesOf('orion_webhook_deliveries')).toEqual(['{state="dead"} 2', '{state="pending"} 1']);
  });

  test('without the database the figures are missing, not old, and the rest is told', async () => {
    store.addNode(sampleNode('w1'));
    expect(await linesOf('orion_database_up')).toEqual(['1']);
    store.failure = new Error('away');
    expect(await linesOf('orion_database_up')).toEqual(['0']);
    for (const name of ['orion_nodes', 'orion_nodes_free', 'orion_rentals', 'orion_webhook_deliveries']) {
      expect(await linesOf(name)).toEqual([]);
    }
    expect(await linesOf('process_start_time_seconds')).toHaveLength(1);
    expect(warnings).toContain('the figures of the fleet could not be read');
    store.failure = null;
    expect(await linesOf('orion_nodes_free')).toEqual(['1']);
  });
});

describe('what this process did', () => {
  test('events by type and reason; a text that is no reason becomes no series of its own', async () => {
    metrics.eventsSaved([
      { type: 'rental.active', reason: 'Provisioned' },
      { type: 'rental.active', reason: 'Provisioned' },
      { type: 'rental.lost', reason: 'NoFreeNode' },
    ]);
    metrics.eventsSaved([{ type: 'rental.lost', reason: 'made up 1' }]);
    metrics.eventsSaved([{ type: 'rental.lost', reason: 'constructor' }]);
    expect(await linesOf('orion_events_total')).toEqual([
      '{type="rental.active",reason="Provisioned"} 2',
      '{type="rental.lost",reason="NoFreeNode"} 1',
      '{type="rental.lost",reason="other"} 2',
    ]);
  });

  test('probes, work and passes, in seconds', async () => {
    metrics.probed('Alive', 2);
    metrics.probed('DialTimeout', 3_000);
    metrics.workEnded('clean', { kind: 'failed', reason: 'DiskFull' }, 1_500);
    metrics.workEnded('ensureAccess', { kind: 'done' }, 300);
    metrics.passEnded('done', 4);
    expect(await linesOf('orion_probes_total')).toEqual(['{reason="Alive"} 1', '{reason="DialTimeout"} 1']);
    expect(await linesOf('orion_probe_duration_seconds_sum')).toEqual(['3.002']);
    expect(await linesOf('orion_work_duration_seconds_sum')).toEqual([
      '{kind="clean",outcome="failed"} 1.5',
      '{kind="ensureAccess",outcome="done"} 0.3',
    ]);
    expect(await linesOf('orion_work_failures_total')).toEqual(['{kind="clean",reason="DiskFull"} 1']);
    expect(await linesOf('orion_pass_duration_seconds_count')).toEqual(['{outcome="done"} 1']);
  });

  test('calls of webhooks by what came of them', async () => {
    for (const outcome of ['delivered', 'refused', 'delivered'] as const) metrics.webhookAttempted(outcome);
    expect(await linesOf('orion_webhook_attempts_total')).toEqual([
      '{outcome="delivered"} 2',
      '{outcome="refused"} 1',
    ]);
  });

  test('what clients waited for: a machine, access, and a move', async () => {
    metrics.stepped({ kind: 'queueWait', durationMs: 61_000 });
    metrics.stepped({ kind: 'provisioning', durationMs: 400 });
    metrics.stepped({ kind: 'migration', planned: false, durationMs: 700 });
    metrics.stepped({ kind: 'migration', planned: true, durationMs: 800 });
    expect(await linesOf('orion_queue_wait_seconds_sum')).toEqual(['61']);
    expect(await linesOf('orion_queue_wait_seconds_bucket')).toContain('{le="300"} 1');
    expect(await linesOf('orion_provisioning_duration_seconds_sum')).toEqual(['0.4']);
    expect(await linesOf('orion_migration_duration_seconds_sum')).toEqual([
      '{planned="false"} 0.7',
      '{planned="true"} 0.8',
    ]);
  });

  test('who leads, the breaker, and the last reading of the inventory', async () => {
    const flags = async () =>
      Promise.all(
        ['leader', 'breaker_open', 'inventory_last_read_ok'].map((name) => linesOf(`orion_${name}`)),
      );
    metrics.leads(true);
    metrics.breakerIs(true);
    metrics.inventoryRead(true);
    expect(await flags()).toEqual([['1'], ['1'], ['1']]);
    metrics.leads(false);
    metrics.breakerIs(false);
    metrics.inventoryRead(false);
    expect(await flags()).toEqual([['0'], ['0'], ['0']]);
  });
});

test('docs/metrics.md names each metric, and no other, with its kind', async () => {
  const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  const documented = [...page.matchAll(/^\| `(orion_\w+)` \| (.*?) \|/gm)].map(([, name]) => name);
  const { text } = await metrics.scrape();
  const exported = [...text.matchAll(/^# TYPE (orion_\w+) /gm)].map(([, name]) => name);
  expect(documented.toSorted()).toEqual(exported.toSorted());
  const told = (name: string) => page.split('\n').find((line) => line.startsWith(`| \`${name}\` |`)) ?? '';
  for (const [, name = '', kind] of text.matchAll(/^# TYPE (orion_\w+) (\w+)$/gm)) {
    expect(told(name).includes('histogram'), name).toBe(kind === 'histogram');
    expect(name.endsWith('_total'), name).toBe(kind === 'counter');
  }
});
