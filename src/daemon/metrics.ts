import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { REASONS } from '../core/failure/reason.ts';
import { computeFleetFigures } from '../core/health/fleet-figures.ts';
import { RENTAL_PHASES } from '../core/model/rental.ts';
import type { Logger } from '../core/ports/log.ts';
import type { Metrics } from '../core/ports/metrics.ts';
import type { ApiStore } from '../core/ports/stores.ts';

/** What is counted here, and how to read it. docs/metrics.md is checked against it. */
export interface PrometheusMetrics extends Metrics {
  scrape(): Promise<{ contentType: string; text: string }>;
}

export interface MetricsDeps {
  store: Pick<ApiStore, 'listNodes' | 'listOccupants' | 'countRentals' | 'countDeliveries'>;
  logger: Logger;
}

/** In Prometheus' text format: the counts of this process, and the fleet as the database has it at the scrape. */
export function createMetrics(deps: MetricsDeps): PrometheusMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const counts = createCounts(registry);
  const readFleet = createFleetGauges(registry, deps);
  return {
    ...counts,
    async scrape() {
      await readFleet();
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}

function createCounts(registry: Registry): Metrics {
  const registers = [registry];
  const events = new Counter({
    name: 'orion_events_total',
    labelNames: ['type', 'reason'],
    registers,
    help: 'Events that the reconciler of this process wrote to the history.',
  });
  const probes = new Counter({
    name: 'orion_probes_total',
    labelNames: ['reason'],
    registers,
    help: 'Probes of nodes by result; Alive is a success.',
  });
  const probeDuration = new Histogram({
    name: 'orion_probe_duration_seconds',
    registers,
    help: 'How long a probe of a node took.',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  });
  const workEnded = createWork(registry);
  const webhooks = new Counter({
    name: 'orion_webhook_attempts_total',
    labelNames: ['outcome'],
    registers,
    help: 'Calls of webhooks by result.',
  });
  const passDuration = new Histogram({
    name: 'orion_pass_duration_seconds',
    labelNames: ['outcome'],
    registers,
    help: 'How long a pass of the reconcile loop took.',
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30],
  });
  return {
    eventsSaved(saved) {
      for (const { type, reason } of saved) events.inc({ type, reason: closed(reason) });
    },
    probed(reason, durationMs) {
      probes.inc({ reason });
      probeDuration.observe(durationMs / 1_000);
    },
    workEnded,
    webhookAttempted: (outcome) => webhooks.inc({ outcome }),
    stepped: createSteps(registry),
    passEnded: (outcome, durationMs) => passDuration.observe({ outcome }, durationMs / 1_000),
    ...createFlags(registry),
  };
}

function createWork(registry: Registry): Metrics['workEnded'] {
  const registers = [registry];
  const workDuration = new Histogram({
    name: 'orion_work_duration_seconds',
    labelNames: ['kind', 'outcome'],
    registers,
    help: 'How long work on a node took, not counting the wait for its turn.',
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900],
  });
  const workFailures = new Counter({
    name: 'orion_work_failures_total',
    labelNames: ['kind', 'reason'],
    registers,
    help: 'Work on nodes that failed, by reason.',
  });
  return (kind, outcome, durationMs) => {
    workDuration.observe({ kind, outcome: outcome.kind }, durationMs / 1_000);
    if (outcome.kind === 'failed') workFailures.inc({ kind, reason: outcome.reason });
  };
}

/** What is so or not so in this process. */
function createFlags(
  registry: Registry,
): Pick<Metrics, 'leads' | 'breakerIs' | 'ownFaultIs' | 'pausedIs' | 'inventoryRead'> {
  const flag = (name: string, help: string) => {
    const gauge = new Gauge({ name, help, registers: [registry] });
    return (isSo: boolean) => gauge.set(Number(isSo));
  };
  return {
    leads: flag('orion_leader', 'Whether this process leads.'),
    breakerIs: flag('orion_breaker_open', 'Whether so much is unhealthy that this leader moves no rental.'),
    ownFaultIs: flag(
      'orion_control_plane_fault',
      'Whether this process lacks something of its own (files, ports, memory, disk, its key), so that no node is blamed.',
    ),
    pausedIs: flag('orion_paused', 'Whether an operator has paused this leader.'),
    inventoryRead: flag(
      'orion_inventory_last_read_ok',
      'Whether the inventory file was valid when this process last read it.',
    ),
  };
}

/** What clients waited for. /api/qos reports the same about the past, exactly. */
function createSteps(registry: Registry): Metrics['stepped'] {
  const histogram = <Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
    buckets: number[],
  ) => new Histogram({ name, help, labelNames, buckets, registers: [registry] });
  const quick = [0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900];
  const provisioning = histogram(
    'orion_provisioning_duration_seconds',
    'From the placement of a rental to the first access.',
    [],
    quick,
  );
  const migration = histogram(
    'orion_migration_duration_seconds',
    'Until access on the next node: from the verdict that the old one is dead, or, if planned, from the placement.',
    ['planned'],
    quick,
  );
  const queueWait = histogram(
    'orion_queue_wait_seconds',
    'From the request for a machine to its placement.',
    [],
    [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400, 43_200],
  );
  return (step) => {
    const seconds = step.durationMs / 1_000;
    if (step.kind === 'migration') migration.observe({ planned: String(step.planned) }, seconds);
    else if (step.kind === 'provisioning') provisioning.observe(seconds);
    else queueWait.observe(seconds);
  };
}

/** Arbitrary stored texts must not each become a new time series. */
function closed(reason: string): string {
  return Object.hasOwn(REASONS, reason) ? reason : 'other';
}

/** Set anew at each scrape. Without the database, its gauges are missing rather than stale. */
function createFleetGauges(registry: Registry, { store, logger }: MetricsDeps): () => Promise<void> {
  const gauge = <Label extends string>(name: string, help: string, labelNames: Label[] = []) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const up = gauge(
    'orion_database_up',
    'Whether the database answered when the figures of the fleet were read.',
  );
  const nodes = gauge('orion_nodes', 'Nodes by state.', ['state']);
  const free = gauge('orion_nodes_free', 'Nodes that the next rental could get.');
  const conditions = gauge('orion_node_conditions', 'Nodes by condition.', ['type', 'status', 'reason']);
  const unreachable = gauge('orion_node_unreachable', 'Always 1: a node that cannot be reached, and why.', [
    'node',
    'reason',
  ]);
  const rentals = gauge('orion_rentals', 'Rentals that have not ended, by phase.', ['phase']);
  const webhooks = gauge(
    'orion_webhook_deliveries',
    'Messages to webhooks that wait to be delivered (pending) or were given up (dead).',
    ['state'],
  );
  const gauges = [nodes, free, conditions, unreachable, rentals, webhooks];

  return async () => {
    const read = Promise.all([
      store.listNodes(),
      store.listOccupants(),
      store.countRentals(),
      store.countDeliveries(),
    ]);
    const found = await read.catch((error: unknown) => {
      logger.warn({ err: error }, 'the figures of the fleet could not be read');
      return null;
    });
    up.set(Number(found !== null));
    for (const gauge of gauges) gauge.reset();
    if (found === null) return free.remove();
    const [allNodes, occupants, phases, deliveries] = found;
    const figures = computeFleetFigures(allNodes, occupants);
    for (const { state, count } of figures.states) nodes.set({ state }, count);
    free.set(figures.free);
    for (const { count, ...labels } of figures.conditions) conditions.set(labels, count);
    for (const labels of figures.unreachable) unreachable.set(labels, 1);
    for (const phase of RENTAL_PHASES.filter((phase) => phase !== 'Released' && phase !== 'Failed')) {
      rentals.set({ phase }, phases.find((entry) => entry.phase === phase)?.count ?? 0);
    }
    for (const state of ['pending', 'dead'] as const) {
      webhooks.set({ state }, deliveries.find((entry) => entry.state === state)?.count ?? 0);
    }
  };
}
