import { type Command, Option } from 'commander';
import type { Pool } from '../../client/protocol/operations.ts';
import { CliError, EXIT } from '../cli-error.ts';
import type { Context } from '../context.ts';
import { withHelp } from '../help.ts';
import { type Format, printData, withOutput } from '../output.ts';
import { formatPairs, formatSection } from '../sections.ts';
import { createTable, formatAge, printable } from '../table.ts';

const REASON = '--reason <text>';
const FOR_PROGRAMS: Format[] = ['json', 'yaml'];

interface Options {
  output?: Format;
  reason: string;
}

/** Commands that show and control the fleet as a whole. */
export function registerPool(program: Command, context: Context): void {
  const poolCommand = withOutput(
    program
      .command('pool')
      .description('the fleet as a whole: whether clients are moved, whether it is paused, and by whom'),
    FOR_PROGRAMS,
  ).action(async ({ output }: { output?: Format }) => {
    const pool = await context.client().call('getPool');
    if (!printData(context.io, output, pool)) context.io.out(formatPool(pool, context.io.now()));
  });
  withHelp(poolCommand, {
    about: 'For administrators.',
    examples: [['orion pool', 'the breaker, a pause, and the last override']],
  });
  registerPause(program, context);
  registerOverride(program, context);
}

function registerPause(program: Command, context: Context): void {
  const pauseCommand = withOutput(
    program
      .command('pause')
      .description('start nothing new on any node, move no rental and end nothing, until resume')
      .requiredOption(REASON, 'why, for those who wait'),
    FOR_PROGRAMS,
  ).action(async ({ reason, output }: Options) => {
    const pool = await context.client().call('pausePool', { body: { reason } });
    printPool(context, output, pool, 'paused');
    context.io.err(
      'Requests are still accepted, and wait. Nodes are still watched. To continue: orion resume\n',
    );
  });
  withHelp(pauseCommand, {
    about: 'Running work still finishes. Leases still end on the nodes themselves. For administrators.',
    examples: [['orion pause --reason "new switch in rack-a"', 'before work on the whole fleet']],
  });
  const resumeCommand = withOutput(
    program.command('resume').description('resume after a pause'),
    FOR_PROGRAMS,
  ).action(async ({ output }: { output?: Format }) => {
    printPool(context, output, await context.client().call('resumePool'), 'resumed');
  });
  withHelp(resumeCommand, {
    about: 'Whatever waited continues from the stored state. For administrators.',
    examples: [['orion resume', 'everything that waited is started']],
  });
}

function registerOverride(program: Command, context: Context): void {
  const command = withOutput(
    program
      .command('breaker')
      .description('what holds moves back while much fails at once; orion pool shows it')
      .command('override')
      .description('move the clients of the nodes that are dead now, once, despite the open breaker')
      .requiredOption(REASON, 'how you know that those nodes are really gone')
      .addOption(new Option('--yes', 'do it: if they are not gone, their clients lose what they have there')),
    FOR_PROGRAMS,
  ).action((options: Options & { yes?: boolean }) => override(context, options));
  withHelp(command, {
    about: 'Nodes that die later are held again. For administrators.',
    examples: [
      ['orion breaker override --reason "rack-a burnt"', 'only shows what it would do'],
      ['orion breaker override --reason "rack-a burnt" --yes', 'its clients are moved'],
    ],
    failed: 'failed, or the breaker is not open',
  });
}

async function override(
  context: Context,
  { reason, yes, output }: Options & { yes?: boolean },
): Promise<void> {
  if (!yes) {
    const { conditions } = await context.client().call('getPool');
    const moves = conditions.find(({ type }) => type === 'MovesAllowed');
    if (moves?.status !== 'False') {
      throw new CliError(
        'the breaker is closed: clients of dead nodes are moved, there is nothing to override',
      );
    }
    throw new CliError(`this would move clients although ${printable(moves.message)}`, {
      exitCode: EXIT.usage,
      hint: 'what they have on their nodes is left behind; add --yes if those nodes are really gone',
    });
  }
  const pool = await context.client().call('overrideBreaker', { body: { reason, confirm: true } });
  printPool(context, output, pool, 'breaker overridden once');
}

function printPool({ io }: Context, format: Format | undefined, pool: Pool, done: string): void {
  if (!printData(io, format, pool)) io.out(`${done}\n`);
}

/** The epoch means that it was never otherwise. */
function sinceWhen(time: string, now: Date): string {
  return Date.parse(time) === 0 ? '-' : formatAge(time, now);
}

function formatPool({ conditions, pause, override }: Pool, now: Date): string {
  const table = createTable(['TYPE', 'STATUS', 'REASON', 'SINCE', 'MESSAGE']);
  const rows = conditions.map(({ type, status, reason, lastTransitionTime, message }) => [
    ...[type, status, reason, sinceWhen(lastTransitionTime, now), printable(message)],
  ]);
  const asked = (made: NonNullable<Pool['pause']>) => printable(`by ${made.by}: ${made.reason ?? '-'}`);
  const used = override?.used ? '' : ', not acted on yet';
  return (
    formatPairs([
      ['Paused', pause === null ? 'no' : `for ${formatAge(pause.at, now)}, ${asked(pause)}`],
      [
        'Breaker overridden',
        override === null ? 'never' : `${formatAge(override.at, now)} ago, ${asked(override)}${used}`,
      ],
    ]) + formatSection('Conditions', table.format(rows))
  );
}
