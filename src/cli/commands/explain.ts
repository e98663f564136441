import type { Command } from 'commander';
import type { Explanation } from '../../client/protocol/operations.ts';
import { objectName } from '../arguments.ts';
import type { Context } from '../context.ts';
import { withHelp } from '../help.ts';
import { orSuggest } from '../look-up.ts';
import { type Format, printData, withOutput } from '../output.ts';
import { formatPlace } from '../queue-text.ts';
import { formatPairs, formatSection } from '../sections.ts';
import { createTable, formatAge, printable } from '../table.ts';

export function registerExplain(program: Command, context: Context): void {
  const command = withOutput(
    program
      .command('explain')
      .description('why a rental is where it is, or why it waits')
      .argument('<rental>', 'name or id of a rental', objectName('rental')),
    ['json', 'yaml'],
  ).action((name: string, options: { output?: Format }) => explain(context, name, options.output));
  withHelp(command, {
    about:
      'Shows each node that is passed over now, with the reason, and the inputs of the last placement decision.',
    examples: [
      ['orion explain mine', 'for people'],
      ['orion explain mine -o json', 'for a program'],
    ],
    failed: 'failed, or there is no such rental',
  });
}

async function explain(context: Context, name: string, format: Format | undefined): Promise<void> {
  const { client, io } = context;
  const explanation = await orSuggest(context, 'rental', name, () =>
    client().call('explainRental', { params: { id: name } }),
  );
  if (printData(io, format, explanation)) return;
  const now = io.now();
  const { wanted, placement, meanings } = explanation;
  const since = explanation.since === null ? '' : `, for ${formatAge(explanation.since, now)}`;
  io.out(
    formatPairs([
      ['Rental', `${explanation.name} (${explanation.rental})`],
      ['Phase', `${explanation.phase}${since}`],
      ['Node', explanation.node ?? '-'],
      ['Reason', `${explanation.reason}: ${explanation.message}`],
      ...(meanings[explanation.reason] ? [['Means', meanings[explanation.reason]] as [string, string]] : []),
      ...(explanation.queuePosition === null
        ? []
        : [['In queue', placeOf(explanation, now)] as [string, string]]),
    ]),
  );
  if (wanted !== null) {
    io.out(`\nIt wants a node. ${describeUsable(explanation.reason, wanted.usable)}\n`);
    io.out(formatSection('Passed over', formatPassedOver(wanted.passedOver, meanings)));
  }
  if (placement === null) return;
  const { node, epoch, decision } = placement;
  const end =
    placement.endedAt === null
      ? placement.readyAt === null
        ? 'not ready yet'
        : `ready at ${placement.readyAt}`
      : `ended at ${placement.endedAt} (${placement.endReason ?? '-'})`;
  io.out(`\nThe last placement: ${printable(node)}, at ${placement.startedAt} (epoch ${epoch}), ${end}.\n`);
  if (decision === null) return io.out('The inputs of that decision were not kept.\n');
  io.out(formatPairs(describeDecision(decision, placement.startedAt)));
  io.out(formatSection('Passed over then', formatPassedOver(decision.passedOver, meanings)));
}

function placeOf({ queuePosition, queueEstimateAt }: Explanation, now: Date): string {
  return formatPlace(queuePosition, queueEstimateAt, now);
}

type Decision = NonNullable<NonNullable<Explanation['placement']>['decision']>;

/** In the order in which the scheduler compares them. */
function describeDecision({ usable, rank, breaker }: Decision, at: string): [string, string][] {
  const then = new Date(at);
  const choice = usable === 1 ? 'the only node that could be taken' : `the best of ${usable} nodes`;
  return [
    ['Chosen', choice],
    ['Failed this rental', rank.failedHere === 0 ? 'never' : `${rank.failedHere} times`],
    ['Pickier waited', String(rank.pickier)],
    ['Failed lately', rank.failedLatelyAt === null ? 'no' : `${formatAge(rank.failedLatelyAt, then)} before`],
    ['Rentals in its zone', String(rank.inZone)],
    ['Had rested for', formatAge(rank.restedSince, then)],
    ['Breaker', breaker.open ? `open: ${breaker.message}` : 'closed'],
  ];
}

function formatPassedOver(
  { nodes, others }: Decision['passedOver'],
  meanings: Record<string, string>,
): string {
  const rows = nodes.map(({ node, reason }) => [printable(node), reason, meanings[reason] ?? '-']);
  const table = createTable(['NODE', 'REASON', 'MEANS']);
  const more = others.map(({ reason, count }) => `${count} ${reason}`).join(', ');
  return `${rows.length === 0 ? '' : table.format(rows)}${more === '' ? '' : `and more: ${more}\n`}`;
}

function describeUsable(reason: string, usable: number): string {
  const nodes = countNodes(usable);
  if (reason !== 'Paused') return `Now ${nodes} could be taken.`;
  return `None is assigned while Orion is paused; otherwise ${nodes} could be taken.`;
}

function countNodes(count: number): string {
  return count === 0 ? 'no node' : count === 1 ? '1 node' : `${count} nodes`;
}
