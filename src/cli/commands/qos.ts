import { type Command, InvalidArgumentError } from 'commander';
import type { Qos } from '../../client/protocol/operations.ts';
import { parseWindow, WINDOW_FORMAT } from '../../core/qos/time.ts';
import { objectName } from '../arguments.ts';
import type { Context } from '../context.ts';
import { withHelp } from '../help.ts';
import { orSuggest } from '../look-up.ts';
import { createScreenTable, type Format, printData, withOutput } from '../output.ts';
import { formatPairs, formatSection } from '../sections.ts';
import { createTable, printable } from '../table.ts';

interface Options {
  since: string;
  output?: Format;
}

export function registerQos(program: Command, context: Context): void {
  const command = withOutput(
    program
      .command('qos')
      .description('how well rentals were served: availability, time without a machine, moves')
      .argument('[rental]', 'name or id of a rental; all when left out', objectName('rental'))
      .option('--since <duration>', 'how far back to look: 1m to 90d', windowText, '24h'),
    ['json', 'yaml'],
  ).action((name: string | undefined, options: Options) => showQos(context, name, options));
  withHelp(command, {
    about:
      'Computed from the history, so restarts do not matter. A tenant sees its own rentals, an administrator the fleet.',
    examples: [
      ['orion qos', 'the last 24 hours'],
      ['orion qos mine --since 7d', 'one rental in the last week'],
      ['orion qos -o json', 'everything, with a series over time'],
    ],
    failed: 'failed, or there is no such rental',
  });
}

function windowText(text: string): string {
  if (parseWindow(text) === null) throw new InvalidArgumentError(`Expected ${WINDOW_FORMAT}.`);
  return text;
}

async function showQos(
  context: Context,
  name: string | undefined,
  { since, output }: Options,
): Promise<void> {
  const { client, io } = context;
  const query = { window: since, ...(name === undefined ? {} : { rental: name }) };
  const ask = () => client().call('getQos', { query });
  const qos = await (name === undefined ? ask() : orSuggest(context, 'rental', name, ask));
  if (printData(io, output, qos)) return;
  const { total, scope, rentals, rentalCount } = qos;
  const whose = { fleet: 'the fleet', tenant: 'your rentals', rental: name ?? '' }[scope];
  io.out(
    formatPairs([
      ['Of', `${whose}, in the last ${since}`],
      ['Availability', formatShare(total.availability)],
      ['Without a machine', `${formatTime(total.withoutNodeSeconds)} of ${formatTime(total.servedSeconds)}`],
      ['Outages', String(total.outages)],
      [
        'Moves',
        total.plannedMoves === 0 ? `${total.moves}` : `${total.moves} (${total.plannedMoves} planned)`,
      ],
    ]),
  );
  io.out(formatSection('Times', formatTimes(total.times)));
  if (scope === 'rental') return;
  const table = createScreenTable(io, [
    'RENTAL',
    'PHASE',
    'AVAILABLE',
    'WITHOUT',
    'OUTAGES',
    'MOVES',
    'TENANT',
  ]);
  const rows = rentals.map((rental) => [
    printable(rental.name ?? rental.id),
    rental.phase,
    formatShare(rental.availability),
    formatTime(rental.withoutNodeSeconds),
    String(rental.outages),
    String(rental.moves),
    printable(rental.tenant ?? '-'),
  ]);
  io.out(formatSection('Rentals', rows.length === 0 ? '' : table.format(rows)));
  if (rentalCount > rentals.length) io.out(`  and ${rentalCount - rentals.length} more\n`);
}

/** docs/qos.md defines where each of them begins and ends. */
const TIME_NAMES: [kind: keyof Qos['total']['times'], name: string][] = [
  ['detection', 'until judged dead'],
  ['move', 'until moved'],
  ['outage', 'without a machine'],
  ['provisioning', 'until provisioned'],
  ['queueWait', 'in the queue'],
];

function formatTimes(times: Qos['total']['times']): string {
  const { format } = createTable(['TIME', 'COUNT', 'MEDIAN', 'P95', 'MAX']);
  return format(
    TIME_NAMES.map(([kind, name]) => {
      const { count, medianSeconds, p95Seconds, maxSeconds } = times[kind];
      return [name, String(count), ...[medianSeconds, p95Seconds, maxSeconds].map(formatTime)];
    }),
  );
}

/** Precise enough to tell four nines from five. Rounds down, so that less than everything never shows as 100 %. */
function formatShare(share: number | null): string {
  return share === null ? '-' : `${(Math.floor(share * 100_000) / 1_000).toFixed(3)} %`;
}

/** Shows tenths only where they matter, below a minute. */
function formatTime(seconds: number | null): string {
  if (seconds === null) return '-';
  if (seconds < 60) return `${Math.round(seconds * 10) / 10}s`;
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3_600), Math.floor((whole % 3_600) / 60), whole % 60];
  return hours > 0 ? `${hours}h${minutes}m` : `${minutes}m${rest}s`;
}
