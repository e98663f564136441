import { type Command, Option } from 'commander';
import type { Rental } from '../../client/protocol/operations.ts';
import { durationMs, durationText, objectName, objectNames } from '../arguments.ts';
import { CliError, EXIT } from '../cli-error.ts';
import type { Context } from '../context.ts';
import { forEach } from '../each.ts';
import { ENDED, followRental } from '../follow.ts';
import { withHelp } from '../help.ts';
import { forgetKey } from '../key-files.ts';
import { loadRental } from '../look-up.ts';
import { type Format, printDone, withOutput } from '../output.ts';

export function registerRentals(program: Command, context: Context): void {
  const releaseCommand = withOutput(
    program
      .command('release')
      .description('give rentals back; what is on their machines is deleted')
      .argument('<rental...>', 'names or ids of rentals', objectNames('rental'))
      .addOption(
        new Option('--wait [duration]', 'how long to wait until they are released; 0s: not at all')
          .preset('60s')
          .argParser(durationMs)
          .default(60_000, '60s'),
      ),
    ['json', 'yaml', 'name'],
  ).action((names: string[], options: ReleaseOptions) => release(context, names, options));
  withHelp(releaseCommand, {
    about:
      'Access ends at once. The command waits until nobody can log in any more. Repeating it is harmless.',
    examples: [
      ['orion release mine', 'and wait until it is over'],
      ['orion release mine other --wait 0s', 'without waiting'],
      ['orion get rentals -o name | xargs orion release', 'everything that you have'],
    ],
    failed: 'failed, or there is no such rental; the others are released',
    timedOut: 'not released in time; the release goes on by itself',
  });

  const renewCommand = withOutput(
    program
      .command('renew')
      .description('keep a rental for longer, counted from now')
      .argument('<rental>', 'name or id of a rental', objectName('rental'))
      .requiredOption('--ttl <duration>', 'for how long, such as 6h', durationText),
    ['json', 'yaml', 'name'],
  ).action((name: string, options: { ttl: string; output?: Format }) => renew(context, name, options));
  withHelp(renewCommand, {
    examples: [['orion renew mine --ttl 6h', 'it ends six hours from now']],
    failed: 'failed, there is no such rental, or it may not last that long',
  });
}

interface ReleaseOptions {
  /** ms */
  wait: number;
  output?: Format;
}

async function release(context: Context, names: string[], options: ReleaseOptions): Promise<void> {
  const { io } = context;
  const released = await forEach(context, names, async (name) => {
    const rental = await loadRental(context, name);
    const asked = await context.client().call('releaseRental', { params: { id: rental.id } });
    forgetKey(io, rental);
    return asked;
  });
  const isThere = ({ status }: Rental) => ENDED.includes(status.phase);
  for (const asked of released) {
    const goal = { isThere, what: 'Released', timeoutMs: options.wait };
    const object = options.wait === 0 ? asked : await followRental(context, asked.id, goal);
    const done = isThere(object) ? 'released' : 'releasing';
    printDone(io, options.output, { kind: 'rental', name: object.name, done, object });
  }
}

async function renew(
  context: Context,
  name: string,
  { ttl, output }: { ttl: string; output?: Format },
): Promise<void> {
  const { id, status: before } = await loadRental(context, name);
  const changed = await context.client().call('changeRental', { params: { id }, body: { ttl } });
  const settled = await untilSeen(context, changed);
  const expiresAt = settled?.status.expiresAt ?? null;
  const done = `renewed${expiresAt === null ? '' : ` until ${expiresAt}`}`;
  // As requested, but seldom the purpose of a renewal.
  if (expiresAt !== null && before.expiresAt !== null && expiresAt < before.expiresAt)
    context.io.err(
      `warning: ${changed.name} now ends sooner: before, it would have ended at ${before.expiresAt}\n`,
    );
  printDone(context.io, output, { kind: 'rental', name: changed.name, done, object: settled ?? changed });
}

const SEEN_WITHIN_MS = 5_000;

/** Waits until the new end is recorded, a moment after the request; null: that takes longer. */
async function untilSeen(context: Context, changed: Rental): Promise<Rental | null> {
  const isThere = ({ status }: Rental) => status.observedGeneration >= changed.generation;
  if (isThere(changed)) return changed;
  const progress = { step: () => undefined, end: () => undefined };
  const goal = { isThere, what: 'seen', timeoutMs: SEEN_WITHIN_MS, progress };
  return followRental(context, changed.id, goal).catch((error: unknown) => {
    if (error instanceof CliError && error.exitCode === EXIT.timedOut) return null;
    throw error;
  });
}
