import type { Event, Node, Rental, TenantNode } from '../client/protocol/operations.ts';
import { ADMIN_HINT, CliError } from './cli-error.ts';
import type { Tone } from './paint.ts';
import { formatPlace } from './queue-text.ts';
import { formatAge, formatLeft, printable } from './table.ts';

/** Tenants see less of a node. */
export type AnyNode = Node | TenantNode;

/** How to list one kind of object. */
export interface Resource<Item> {
  singular: string;
  nameOf(item: Item): string;
  /** Identifies it for as long as it exists. */
  idOf(item: Item): string;
  /** Columns of a table of these. `wide` ones are for `-o wide`; a volatile one changes with time alone. */
  columns(items: readonly Item[]): Column<Item>[];
}

export interface Column<Item> {
  header: string;
  wide?: boolean;
  volatile?: boolean;
  cell(item: Item, now: Date): string;
  /** Its tone on a terminal with colours; null: like the rest. */
  tone?(item: Item): Tone | null;
}

const PHASE_TONES: Record<Rental['status']['phase'], Tone> = {
  Pending: 'busy',
  Provisioning: 'busy',
  Active: 'good',
  Migrating: 'busy',
  Lost: 'bad',
  Releasing: 'busy',
  Released: 'faint',
  Failed: 'bad',
};

const STATE_TONES: Record<Node['status']['state'], Tone | null> = {
  unknown: 'faint',
  free: 'good',
  provisioning: 'busy',
  allocated: null,
  cleaning: 'busy',
  quarantined: 'bad',
  dead: 'bad',
};

export const RENTALS: Resource<Rental> = {
  singular: 'rental',
  nameOf: (rental) => rental.name,
  idOf: (rental) => rental.id,
  columns: (rentals) => [
    { header: 'NAME', cell: (rental) => rental.name },
    {
      header: 'PHASE',
      cell: (rental) => rental.status.phase,
      tone: (rental) => PHASE_TONES[rental.status.phase],
    },
    { header: 'NODE', cell: (rental) => rental.status.node ?? '-' },
    { header: 'REASON', cell: (rental) => reasonOf(rental) },
    { header: 'EXPIRES', volatile: true, cell: (rental, now) => formatLeft(rental.status.expiresAt, now) },
    { header: 'AGE', volatile: true, cell: (rental, now) => formatAge(rental.createdAt, now) },
    { header: 'ID', wide: true, cell: (rental) => rental.id },
    { header: 'TENANT', wide: true, cell: (rental) => rental.tenant },
    { header: 'LOGIN', wide: true, cell: (rental) => loginOf(rental) },
    // Useless while nobody waits.
    { header: 'QUEUE', wide: !rentals.some(isQueued), volatile: true, cell: placeOf },
    { header: 'MOVES', wide: true, cell: (rental) => String(countMoves(rental)) },
  ],
};

const ADMIN_NODE_COLUMNS: Column<Node>[] = [
  { header: 'NAME', cell: (node) => node.name },
  {
    header: 'STATUS',
    cell: (node) => node.status.status + markOf(node),
    tone: (node) => (node.status.status === 'dead' ? 'bad' : node.spec.unschedulable ? 'busy' : null),
  },
  { header: 'STATE', cell: (node) => node.status.state, tone: (node) => STATE_TONES[node.status.state] },
  { header: 'RENTAL', cell: (node) => node.status.rental ?? '-' },
  { header: 'ZONE', cell: (node) => node.spec.zone ?? '-' },
  { header: 'CHECKED', volatile: true, cell: (node, now) => formatAge(node.status.lastChecked, now) },
  { header: 'ADDRESS', wide: true, cell: (node) => `${node.spec.host}:${node.spec.port}` },
  { header: 'LABELS', wide: true, cell: (node) => formatLabels(node.spec.labels) },
  { header: 'REASON', wide: true, cell: (node) => unreachableReason(node) },
  { header: 'MAINTENANCE', wide: true, cell: ({ spec }) => formatMaintenance(spec.maintenance) },
];

const TENANT_NODE_COLUMNS: Column<AnyNode>[] = [
  { header: 'NAME', cell: (node) => node.name },
  { header: 'FREE', cell: (node) => ('free' in node.status && node.status.free ? 'yes' : 'no') },
  { header: 'ZONE', cell: (node) => node.spec.zone ?? '-' },
  { header: 'LABELS', cell: (node) => formatLabels(node.spec.labels) },
];

export const NODES: Resource<AnyNode> = {
  singular: 'node',
  nameOf: (node) => node.name,
  idOf: (node) => node.name,
  // Tenants see less of a node, and so have a different table.
  columns: ([sample]) =>
    sample === undefined || isAdminView(sample)
      ? (ADMIN_NODE_COLUMNS as Column<AnyNode>[])
      : TENANT_NODE_COLUMNS,
};

export const EVENTS: Resource<Event> = {
  singular: 'event',
  nameOf: (event) => String(event.seq),
  idOf: (event) => String(event.seq),
  columns: () => [
    { header: 'AGE', volatile: true, cell: (event, now) => formatAge(event.at, now) },
    { header: 'TYPE', cell: (event) => event.type },
    { header: 'OBJECT', cell: (event) => objectOf(event) },
    { header: 'REASON', cell: (event) => event.reason || '-' },
    { header: 'SEQ', wide: true, cell: (event) => String(event.seq) },
    { header: 'AT', wide: true, cell: (event) => event.at },
    { header: 'BY', wide: true, cell: (event) => formatActor(event.actor) },
    { header: 'MESSAGE', cell: (event) => printable(event.message) },
  ],
};

/** Why it is cordoned or drained, and by whom. */
export function formatMaintenance(ask: { reason: string | null; by: string } | null): string {
  if (!ask) return '-';
  return printable(ask.reason === null ? `by ${ask.by}` : `${ask.reason} (${ask.by})`);
}

/** The author of a request, and the address it came from. */
function formatActor(actor: Event['actor']): string {
  if (!actor) return '-';
  const { token, tenant, role, source } = actor;
  const who = token
    ? `${token.name ?? token.id} of ${tenant}`
    : role === 'admin'
      ? 'an administrator'
      : 'nobody';
  return printable(source === null ? who : `${who} from ${source}`);
}

/** What keeps new rentals off the node, marked as kubectl does. */
function markOf({ spec }: Node): string {
  if (spec.retiring) return ',retiring';
  if (spec.draining) return ',draining';
  return spec.unschedulable ? ',cordoned' : '';
}

export function isAdminView(node: AnyNode): node is Node {
  return 'state' in node.status;
}

/** For commands of administrators: they can't work with a tenant's view of the node. */
export function requireAdminView(node: AnyNode): Node {
  if (isAdminView(node)) return node;
  throw new CliError(`only administrators see the state of node ${node.name}`, { hint: ADMIN_HINT });
}

/** The reason why a rental is not Ready; `-` when it is. */
export function reasonOf(rental: Rental): string {
  const ready = rental.status.conditions.find((condition) => condition.type === 'Ready');
  return ready === undefined || ready.status === 'True' ? '-' : ready.reason;
}

export function messageOf(rental: Rental): string {
  const ready = rental.status.conditions.find((condition) => condition.type === 'Ready');
  return ready === undefined ? '' : printable(ready.message);
}

export function loginOf(rental: Rental): string {
  const { connection } = rental.status;
  return connection === null ? '-' : `${connection.user}@${connection.host}:${connection.port}`;
}

function isQueued({ status }: Rental): boolean {
  return status.queuePosition !== null;
}

function placeOf({ status }: Rental, now: Date): string {
  return formatPlace(status.queuePosition, status.queueEstimateAt, now);
}

export function formatLabels(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? '-' : pairs.join(',');
}

/** The placements that got access, less the first. */
function countMoves(rental: Rental): number {
  return Math.max(0, rental.status.placements.filter((placement) => placement.readyAt !== null).length - 1);
}

function unreachableReason(node: Node): string {
  const wrong = node.status.conditions.find(
    (condition) => condition.type === 'Reachable' && condition.status !== 'True',
  );
  return wrong?.reason ?? '-';
}

function objectOf(event: Event): string {
  const parts = [event.rental && `rental/${event.rental}`, event.node && `node/${event.node}`];
  return parts.filter(Boolean).join(' ') || '-';
}
