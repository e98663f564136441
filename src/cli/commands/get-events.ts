import { type Command, Option } from 'commander';
import { countOrAll, objectName } from '../arguments.ts';
import type { Context } from '../context.ts';
import { withHelp } from '../help.ts';
import { loadRental } from '../look-up.ts';
import { createPrinter, isForPeople, withOutput } from '../output.ts';
import { EVENTS } from '../resources.ts';
import { endWatch, printBefore, type ShowOptions } from '../show.ts';

interface EventOptions extends ShowOptions {
  rental?: string;
  node?: string;
  type?: string;
  limit?: number;
}

export function registerGetEvents(get: Command, context: Context): void {
  const events = withOutput(
    get
      .command('events')
      .description('what happened recently, newest last')
      .alias('event')
      .argument('[rental]', 'only events of this rental', objectName('rental'))
      .option('-w, --watch', 'keep printing what happens, until Ctrl-C')
      .option('--rental <rental>', 'only events of this rental', objectName('rental'))
      .option('--node <node>', 'only events of this node', objectName('node'))
      .option('--type <type>', 'only events of this type, such as rental.lost')
      .addOption(
        new Option('--limit <number>', 'how many of the newest; all: the whole history')
          .argParser(countOrAll)
          .default(100, '100'),
      ),
  ).action((rental: string | undefined, options: EventOptions) =>
    showEvents(context, { ...options, ...(rental === undefined ? {} : { rental }) }),
  );
  withHelp(events, {
    about: 'The history is never changed, and kept for 90 days. Tenants see their own events.',
    examples: [
      ['orion get events mine', 'what became of a rental'],
      ['orion get events -w', 'what happens from now on, after the last 100'],
      ['orion get events --node worker_1 --type node.dead --limit all', 'each death of a node'],
    ],
    otherCodes: '130  a watch was ended with Ctrl-C',
  });
}

async function showEvents(context: Context, options: EventOptions): Promise<void> {
  const { io } = context;
  const { node, type, rental: name, output } = options;
  // Events name rentals by id, people by name.
  const rental = name && (await loadRental(context, name)).id;
  const query = { rental, node, type };
  const printer = createPrinter(io, EVENTS, output);
  const client = context.client();
  // The latest events matter most. They are printed last, where the eye is.
  const newest = await client.listAll('listEvents', { query: { ...query, order: 'desc' } }, options.limit);
  const ordered = newest.toReversed();
  if (!options.watch) {
    printer.list(ordered);
    if (ordered.length === 0 && isForPeople(output)) io.err('There are no events.\n');
    return;
  }
  printBefore(printer, ordered, output);
  // Also with no event so far, so that none is missed before the watch begins.
  const lastId = String(newest[0]?.seq ?? 0);
  for await (const event of client.watch('listEvents', { query }, { signal: io.signal, lastId })) {
    printer.change(event);
  }
  endWatch(io);
}
