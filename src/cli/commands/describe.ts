import type { Command } from 'commander';
import type { Input } from '../../client/client.ts';
import type { Node, Rental } from '../../client/protocol/operations.ts';
import { objectName } from '../arguments.ts';
import type { Context } from '../context.ts';
import { withHelp } from '../help.ts';
import { loadNode, loadRental } from '../look-up.ts';
import { formatNextSteps } from '../next-steps.ts';
import { type Format, printData, withOutput } from '../output.ts';
import { formatPlacements } from '../placements-text.ts';
import { formatPlace } from '../queue-text.ts';
import { EVENTS, formatLabels, formatMaintenance, isAdminView, loginOf } from '../resources.ts';
import { formatPairs, formatSection } from '../sections.ts';
import { createTable, formatAge, formatLeft, printable } from '../table.ts';

export function registerDescribe(program: Command, context: Context): void {
  const describe = program
    .command('describe')
    .description('everything about one rental or node, with its history');
  const rental = withOutput(
    describe
      .command('rental')
      .alias('rentals')
      .description('one rental: what was requested, where it is, its placements and what happened')
      .argument('<rental>', 'name or id of a rental', objectName('rental')),
    ['json', 'yaml'],
  ).action((name: string, options: { output?: Format }) => describeRental(context, name, options.output));
  withHelp(rental, {
    examples: [
      ['orion describe rental mine', 'for people'],
      ['orion describe rental mine -o yaml', 'the object itself'],
    ],
    failed: 'failed, or there is no such rental',
  });
  const node = withOutput(
    describe
      .command('node')
      .alias('nodes')
      .description('one node: its conditions, what comes next, who was on it and what happened')
      .argument('<node>', 'name of a node', objectName('node')),
    ['json', 'yaml'],
  ).action((name: string, options: { output?: Format }) => describeNode(context, name, options.output));
  withHelp(node, {
    about: 'For each fault of a node it shows whether and when work is retried, and what to do.',
    examples: [['orion describe node worker_1', 'what it is, and what it waits for']],
    failed: 'failed, or there is no such node',
  });
  // Set after its subcommands, which would inherit it.
  describe.showHelpAfterError('(name the kind: orion describe rental NAME, or node NAME)');
}

async function describeRental(context: Context, name: string, format: Format | undefined): Promise<void> {
  const { io } = context;
  const rental = await loadRental(context, name);
  if (printData(io, format, rental)) return;
  const { spec, status } = rental;
  const now = io.now();
  const selector = [formatLabels(spec.selector.matchLabels), spec.selector.zone ?? ''].filter((part) => part);
  io.out(
    formatPairs([
      ['Name', rental.name],
      ['Id', rental.id],
      ['Tenant', rental.tenant],
      ['Phase', status.phase],
      ['Node', status.node ?? '-'],
      ['Login', loginOf(rental)],
      ['Host key', status.connection?.hostKey ?? '-'],
      [
        'Expires',
        status.expiresAt === null ? '-' : `${status.expiresAt} (${formatLeft(status.expiresAt, now)})`,
      ],
      ['Created', `${rental.createdAt} (${formatAge(rental.createdAt, now)} ago)`],
      ['Time to live', spec.ttl],
      ['Wants', selector.join(', zone ')],
      ['When full', spec.whenFull],
      ['On node loss', `${spec.onNodeLoss.action} after ${spec.onNodeLoss.after}`],
      ['Webhook', spec.webhookUrl === null ? '-' : printable(spec.webhookUrl)],
      ['Queue position', formatPlace(status.queuePosition, status.queueEstimateAt, now)],
      ['Labels', formatLabels(spec.labels)],
    ]),
  );
  io.out(formatConditions(status.conditions, now));
  const places = status.placements.map((place) => ({ ...place, where: place.node }));
  io.out(formatPlacements('NODE', places));
  io.out(await formatHistory(context, { rental: rental.id }));
}

async function describeNode(context: Context, name: string, format: Format | undefined): Promise<void> {
  const { io } = context;
  const node = await loadNode(context, name);
  if (printData(io, format, node)) return;
  const common: [string, string][] = [
    ['Name', node.name],
    ['Zone', node.spec.zone ?? '-'],
    ['Labels', formatLabels(node.spec.labels)],
  ];
  if (!isAdminView(node)) {
    return io.out(formatPairs([...common, ['Free', node.status.free ? 'yes' : 'no']]));
  }
  const now = io.now();
  const { spec, status } = node;
  io.out(
    formatPairs([
      ...common,
      ['Address', `${spec.host}:${spec.port}`],
      ['Status', status.status],
      ['State', status.state],
      ['Allocated', status.allocated ? 'yes' : 'no'],
      ['Rental', status.rental ?? '-'],
      ['Schedulable', spec.unschedulable ? 'no' : 'yes'],
      ['Maintenance', describeMaintenance(spec.maintenance, now)],
      ['Last checked', status.lastChecked === null ? '-' : `${formatAge(status.lastChecked, now)} ago`],
      ['Host key', status.hostKey ?? '-'],
    ]),
  );
  io.out(formatConditions(status.conditions, now));
  io.out(formatLimits(status.limits, now));
  const next = formatNextSteps(node, now);
  if (next !== '') io.out(formatSection('Next', next));
  const placed = await context.client().listAll('listNodePlacements', { params: { name } }, SHOWN_PLACEMENTS);
  io.out(
    formatPlacements(
      'RENTAL',
      placed.map((place) => ({ ...place, where: place.rental })),
    ),
  );
  io.out(await formatHistory(context, { node: name }));
}

function describeMaintenance(ask: { reason: string | null; by: string; at: string } | null, now: Date) {
  return !ask ? '-' : `${formatMaintenance(ask)}, for ${formatAge(ask.at, now)}`;
}

function formatConditions(conditions: Rental['status']['conditions'], now: Date): string {
  const table = createTable(['TYPE', 'STATUS', 'REASON', 'SINCE', 'MESSAGE']);
  const rows = conditions.map((condition) => [
    condition.type,
    condition.status,
    condition.reason,
    formatAge(condition.lastTransitionTime, now),
    printable(condition.message),
  ]);
  return formatSection('Conditions', rows.length === 0 ? '' : table.format(rows));
}

/** The limits on a client of the node. They are measured, so only limits in force are reported. */
function formatLimits(limits: Node['status']['limits'], now: Date): string {
  if (!limits) return formatSection('Limits', 'not measured on the node yet\n');
  const table = createTable(['LIMIT', 'HOLDS', 'MEASURED', 'MESSAGE']);
  const rows = (['processes', 'memory', 'userNamespaces'] as const).map((name) => {
    const { holds, message } = limits[name];
    const measured = `${formatAge(limits.checkedAt, now)} ago`;
    return [name, holds === null ? '-' : holds ? 'yes' : 'no', measured, printable(message)];
  });
  return formatSection('Limits', table.format(rows));
}

/** For a node. A rental has few. */
const SHOWN_PLACEMENTS = 10;

const SHOWN_EVENTS = 20;

async function formatHistory(context: Context, query: Input<'listEvents'>['query']): Promise<string> {
  const newest = { query: { ...query, order: 'desc' as const } };
  const events = (await context.client().listAll('listEvents', newest, SHOWN_EVENTS)).toReversed();
  const columns = EVENTS.columns([]).filter((column) => !column.wide && column.header !== 'OBJECT');
  const table = createTable(columns.map((column) => column.header));
  const rows = events.map((event) => columns.map((column) => column.cell(event, context.io.now())));
  return formatSection('Events', rows.length === 0 ? '' : table.format(rows));
}
