import type { Condition } from '../model/condition.ts';
import type { Node } from '../model/node.ts';
import {
  type CleaningReport,
  type Placement,
  type Rental,
  type RentalPhase,
  type RentalSpec,
  servingOf,
} from '../model/rental.ts';
import { findRestart } from '../model/restart.ts';
import { formatDuration } from '../text/duration.ts';

/** A rental as the API, the watch streams and the history show it: this list of fields and nothing else. */
export interface RentalView {
  id: string;
  name: string;
  tenant: string;
  generation: number;
  createdAt: string;
  spec: SpecView;
  status: {
    phase: RentalPhase;
    observedGeneration: number;
    node: string | null;
    expiresAt: string | null;
    queuePosition: number | null;
    queueEstimateAt: string | null;
    connection: ConnectionView | null;
    /** The last restart of its node since its client got access to it; null: there was none. */
    restart: RestartView | null;
    conditions: Condition[];
    placements: PlacementView[];
  };
}

/** A spec as clients write and read it: its durations are text. */
export interface SpecView extends Omit<RentalSpec, 'ttlMs' | 'onNodeLoss'> {
  ttl: string;
  onNodeLoss: { action: RentalSpec['onNodeLoss']['action']; after: string };
}

export interface ConnectionView {
  host: string;
  port: number;
  user: string;
  hostKey: string | null;
  command: string;
}

export interface RestartView {
  /** The first answer after it. */
  at: string;
  /** The last answer before it. */
  silentSince: string;
}

export interface PlacementView {
  epoch: number;
  node: string;
  startedAt: string;
  readyAt: string | null;
  endedAt: string | null;
  endReason: string | null;
  /** When the node was verified clean of it. */
  cleanedAt: string | null;
  /** What the attempts to clean the node of it reported; null: none has finished. */
  cleaning: CleaningReport | null;
}

/** Nodes that have to be known to show these rentals. */
export function nodesShownBy(rentals: readonly Rental[]): string[] {
  return [...new Set(rentals.flatMap((rental) => servingOf(rental)?.node ?? []))];
}

/** `nodes` looks up one of `nodesShownBy` by its name; undefined for one that left the fleet. */
export function viewRental(rental: Rental, nodes: (name: string) => Node | undefined): RentalView {
  const { record } = rental;
  const serving = servingOf(rental);
  return {
    id: rental.id,
    name: rental.name,
    tenant: rental.tenant,
    generation: rental.generation,
    createdAt: rental.createdAt.toISOString(),
    spec: viewSpec(rental.spec),
    status: {
      phase: record.phase,
      observedGeneration: record.observedGeneration,
      node: serving?.node ?? null,
      expiresAt: toTime(record.expiresAt),
      queuePosition: record.queuePosition,
      queueEstimateAt: toTime(record.queueEstimateAt),
      connection: viewConnection(rental, serving, nodes),
      restart: viewRestart(serving, nodes),
      conditions: record.conditions,
      placements: [...rental.placements].sort((a, b) => a.epoch - b.epoch).map(viewPlacement),
    },
  };
}

export function viewSpec(spec: RentalSpec): SpecView {
  return {
    sshPublicKey: spec.sshPublicKey,
    selector: { matchLabels: spec.selector.matchLabels, zone: spec.selector.zone },
    ttl: formatDuration(spec.ttlMs),
    whenFull: spec.whenFull,
    onNodeLoss: { action: spec.onNodeLoss.action, after: formatDuration(spec.onNodeLoss.afterMs) },
    webhookUrl: spec.webhookUrl,
    labels: spec.labels,
  };
}

/** Nothing about it will change any more. */
export function isEndedView({ status }: RentalView): boolean {
  return status.phase === 'Released' || status.phase === 'Failed';
}

/**
 * Shown from confirmed access until the release. A Lost or Migrating rental keeps showing its old node: the client's
 * files are there, and it may come back. The phase says that it is down.
 */
function viewConnection(
  rental: Rental,
  serving: Placement | undefined,
  nodes: (name: string) => Node | undefined,
): ConnectionView | null {
  const isOpen = ['Active', 'Migrating', 'Lost'].includes(rental.record.phase);
  if (!isOpen || serving === undefined || serving.readyAt === null) return null;
  const node = nodes(serving.node);
  if (node === undefined) return null;
  const { clientHost: host, clientPort: port } = node.spec;
  return {
    host,
    port,
    user: rental.account,
    hostKey: node.spec.pinnedHostKey ?? node.record.hostKey,
    command: `ssh -p ${port} ${rental.account}@${host}`,
  };
}

function viewRestart(
  serving: Placement | undefined,
  nodes: (name: string) => Node | undefined,
): RestartView | null {
  const restart = serving ? findRestart(serving, nodes(serving.node)) : null;
  return restart && { at: restart.at.toISOString(), silentSince: restart.silentSince.toISOString() };
}

export function viewPlacement(placement: Placement): PlacementView {
  return {
    epoch: placement.epoch,
    node: placement.node,
    startedAt: placement.startedAt.toISOString(),
    readyAt: toTime(placement.readyAt),
    endedAt: toTime(placement.endedAt),
    endReason: placement.endReason,
    cleanedAt: toTime(placement.cleanedAt),
    cleaning: placement.report ?? null,
  };
}

function toTime(at: Date | null): string | null {
  return at === null ? null : at.toISOString();
}
