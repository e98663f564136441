import { type Command, Option } from 'commander';
import { RENTAL_PHASES } from '../../core/rental.ts';
import { durationMs, durationText } from '../arguments.ts';
import { CliError, EXIT } from '../cli-error.ts';
import type { Context } from '../context.ts';
import { followRental } from '../follow.ts';
import { forgetKey } from '../key-files.ts';
import { type Format, printData, withOutput } from '../output.ts';

export function registerRentals(program: Command, context: Context): void {
  withOutput(
    program
      .command('release')
      .description('give rentals back; what is on their machines is deleted')
      .argument('<name...>', 'names or ids of rentals')
      .option('--wait [duration]', 'wait until they are released', durationMs),
    ['json', 'yaml', 'name'],
  ).action((names: string[], options: { wait?: number | true; output?: Format }) =>
    release(context, names, options),
  );

  withOutput(
    program
      .command('renew')
      .description('keep a rental for longer, counted from now')
      .argument('<name>', 'name or id of a rental')
      .requiredOption('--ttl <duration>', 'for how long, such as 6h', durationText),
    ['json', 'yaml', 'name'],
  ).action((name: string, options: { ttl: string; output?: Format }) => renew(context, name, options));

  withOutput(
    program
      .command('wait')
      .description('wait until a rental is in a phase')
      .argument('<name>', 'name or id of a rental')
      .requiredOption('--for <phase>', RENTAL_PHASES.join(', '))
      .addOption(
        new Option('--timeout <duration>', 'how long to wait').argParser(durationMs).default(60_000, '60s'),
      ),
    ['json', 'yaml', 'name'],
  ).action((name: string, options: { for: string; timeout: number; output?: Format }) =>
    waitFor(context, name, options),
  );
}

async function release(
  context: Context,
  names: string[],
  options: { wait?: number | true; output?: Format },
): Promise<void> {
  const { io } = context;
  for (const name of names) {
    const { id } = await context.client().call('getRental', { params: { id: name } });
    await context.client().call('releaseRental', { params: { id } });
    forgetKey(io, id);
    if (options.wait !== undefined) {
      await followRental(context, id, {
        isThere: ({ status }) => status.phase === 'Released' || status.phase === 'Failed',
        what: 'Released',
        timeoutMs: options.wait === true ? 60_000 : options.wait,
      });
    }
    if (options.output === 'json' || options.output === 'yaml') {
      printData(io, options.output, await context.client().call('getRental', { params: { id } }));
    } else io.out(options.output === 'name' ? `rental/${name}\n` : `rental/${name} released\n`);
  }
}

async function renew(
  context: Context,
  name: string,
  { ttl, output }: { ttl: string; output?: Format },
): Promise<void> {
  const { id } = await context.client().call('getRental', { params: { id: name } });
  const rental = await context.client().call('changeRental', { params: { id }, body: { ttl } });
  if (printData(context.io, output, rental)) return;
  const until = rental.status.expiresAt === null ? '' : ` until ${rental.status.expiresAt}`;
  context.io.out(output === 'name' ? `rental/${rental.name}\n` : `rental/${rental.name} renewed${until}\n`);
}

async function waitFor(
  context: Context,
  name: string,
  options: { for: string; timeout: number; output?: Format },
): Promise<void> {
  const wanted = options.for.replace(/^phase=/, '').toLowerCase();
  const phase = RENTAL_PHASES.find((known) => known.toLowerCase() === wanted);
  if (phase === undefined) {
    throw new CliError(`--for must be one of ${RENTAL_PHASES.join(', ')}`, { exitCode: EXIT.usage });
  }
  // By its id: once it has ended, its name finds it no more.
  const { id } = await context.client().call('getRental', { params: { id: name } });
  const rental = await followRental(context, id, {
    isThere: ({ status }) => status.phase === phase,
    what: phase,
    timeoutMs: options.timeout,
  });
  if (printData(context.io, options.output, rental)) return;
  context.io.out(
    options.output === 'name' ? `rental/${rental.name}\n` : `rental/${rental.name} is ${phase}\n`,
  );
}
