import { type Command, Option } from 'commander';
import type { Client, WatchOptions } from '../../client/client.ts';
import { ApiError } from '../../client/errors.ts';
import type { Rental } from '../../client/operations.ts';
import { countOrAll } from '../arguments.ts';
import { CliError, EXIT } from '../cli-error.ts';
import type { Context } from '../context.ts';
import { ENDED } from '../follow.ts';
import { createPrinter, type Format, type Printer, printData, withOutput } from '../output.ts';
import { type AnyNode, EVENTS, NODES, RENTALS, type Resource } from '../resources.ts';
import { printable } from '../table.ts';

interface GetOptions {
  watch?: boolean;
  all?: boolean;
  output?: Format;
  rental?: string;
  node?: string;
  type?: string;
  limit?: number;
}

export function registerGet(program: Command, context: Context): void {
  const get = program.command('get').description('list what there is, or look at one by its name');
  const watch = new Option('-w, --watch', 'go on printing every change, until Ctrl-C');

  withOutput(
    get
      .command('rentals')
      .description('rentals, and where they are')
      .alias('rental')
      .argument('[name]', 'name or id of a rental')
      .addOption(watch)
      .option('-A, --all', 'also those that have ended'),
  ).action((name: string | undefined, options: GetOptions) =>
    show(context, RENTALS, rentalsOf(context.client(), options), name, options),
  );

  withOutput(get.command('nodes').alias('node').argument('[name]', 'name of a node').addOption(watch)).action(
    async (name: string | undefined, options: GetOptions) => {
      if (isForPeople(options)) await warnOfBreaker(context);
      await show(context, NODES, nodesOf(context.client()), name, options);
    },
  );

  withOutput(
    get
      .command('events')
      .description('what happened last, the newest at the end')
      .alias('event')
      .argument('[rental]', 'only events of this rental')
      .addOption(watch)
      .option('--rental <name>', 'only events of this rental')
      .option('--node <name>', 'only events of this node')
      .option('--type <type>', 'only events of this type, such as rental.lost')
      .addOption(
        new Option('--limit <number>', 'how many of the newest; all: the whole history')
          .argParser(countOrAll)
          .default(100, '100'),
      ),
  ).action((rental: string | undefined, options: GetOptions) =>
    showEvents(context, { ...options, ...(rental === undefined ? {} : { rental }) }),
  );
}

/** Where objects of one kind are read and watched. */
interface Source<Item> {
  list(): Promise<Item[]>;
  load(name: string): Promise<Item>;
  watchAll(options: WatchOptions): AsyncGenerator<Item>;
  watchOne(id: string, options: WatchOptions): AsyncGenerator<Item>;
}

function rentalsOf(client: Client, { all }: GetOptions): Source<Rental> {
  const query = all ? { all: 'true' as const } : {};
  return {
    list: () => client.listAll('listRentals', { query }),
    load: (id) => client.call('getRental', { params: { id } }),
    watchAll: (options) => client.watch('listRentals', { query }, options),
    watchOne: (id, options) => client.watch('getRental', { params: { id } }, options),
  };
}

function nodesOf(client: Client): Source<AnyNode> {
  return {
    list: () => client.listAll('listNodes', {}),
    load: (name) => client.call('getNode', { params: { name } }),
    watchAll: (options) => client.watch('listNodes', {}, options),
    watchOne: (name, options) => client.watch('getNode', { params: { name } }, options),
  };
}

async function show<Item>(
  { io }: Context,
  resource: Resource<Item>,
  source: Source<Item>,
  name: string | undefined,
  options: GetOptions,
): Promise<void> {
  const { signal } = io;
  const printer = createPrinter(io, resource, options.output);
  if (options.watch) {
    if (name === undefined) {
      printBefore(printer, await source.list(), options);
      return printChanges(signal, source.watchAll({ signal }), printer);
    }
    const item = await source.load(name);
    printBefore(printer, [item], options);
    let last: Item = item;
    const note = (seen: Item) => {
      last = seen;
    };
    // By its id: once it has ended, its name finds it no more.
    const changes = source.watchOne(resource.idOf(item), { signal, until: () => isOver(last) });
    return printChanges(signal, changes, printer, note);
  }
  if (name !== undefined) {
    const item = await source.load(name);
    if (!printData(io, options.output, item)) printer.list([item]);
    return;
  }
  const items = await source.list();
  printer.list(items);
  if (items.length === 0 && isForPeople(options)) io.err(`There are no ${resource.singular}s.\n`);
}

/** Who may see the pool is told when nobody is moved; all others are told on their rentals. */
async function warnOfBreaker(context: Context): Promise<void> {
  try {
    const { conditions } = await context.client().call('getPool');
    const held = conditions.find(({ type, status }) => type === 'MovesAllowed' && status === 'False');
    if (held) context.io.err(`${printable(held.message)} (since ${held.lastTransitionTime})\n`);
  } catch (error) {
    // A tenant, or a server that is older.
    if (!(error instanceof ApiError && [403, 404].includes(error.status))) throw error;
  }
}

async function showEvents(context: Context, options: GetOptions): Promise<void> {
  const client = context.client();
  const { node, type, rental: name } = options;
  // Events name rentals by their id; people name them by their name.
  const rental = name && (await client.call('getRental', { params: { id: name } })).id;
  const query = { rental, node, type };
  const printer = createPrinter(context.io, EVENTS, options.output);
  // What happened last is what one looks for; it is printed last, where the eye is.
  const newest = await client.listAll('listEvents', { query: { ...query, order: 'desc' } }, options.limit);
  const ordered = newest.toReversed();
  if (options.watch) {
    printBefore(printer, ordered, options);
    // Also with none so far, so that none is missed between the two.
    const lastId = String(newest[0]?.seq ?? 0);
    const { signal } = context.io;
    return printChanges(signal, client.watch('listEvents', { query }, { signal, lastId }), printer);
  }
  printer.list(ordered);
  if (ordered.length === 0 && isForPeople(options)) context.io.err('There are no events.\n');
}

/** Programs that watch read one object a line, from the first on. */
function printBefore<Item>(printer: Printer<Item>, items: Item[], { output }: GetOptions): void {
  if (output === 'json' || output === 'yaml') for (const item of items) printer.change(item);
  else printer.list(items);
}

async function printChanges<Item>(
  signal: AbortSignal,
  changes: AsyncGenerator<Item>,
  printer: Printer<Item>,
  note: (item: Item) => void = () => undefined,
): Promise<void> {
  for await (const item of changes) {
    note(item);
    printer.change(item);
  }
  if (signal.aborted) throw new CliError('', { exitCode: EXIT.interrupted });
}

/** A rental that has ended changes no more; when the server then ends the watch, so does this program. */
function isOver(item: unknown): boolean {
  const phase = (item as { status?: { phase?: string } }).status?.phase;
  return ENDED.some((ended) => ended === phase);
}

function isForPeople({ output }: GetOptions): boolean {
  return output === undefined || output === 'wide';
}
