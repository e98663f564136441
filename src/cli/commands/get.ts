import { type Command, Option } from 'commander';
import type { PoolView } from '../../core/pool-view.ts';
import { countOrAll } from '../arguments.ts';
import { ApiError, CliError, EXIT } from '../cli-error.ts';
import type { AnyNode, EventView } from '../client.ts';
import type { Context } from '../context.ts';
import { ENDED } from '../follow.ts';
import { createPrinter, type Format, type Printer, printData, withOutput } from '../output.ts';
import { EVENTS, NODES, RENTALS, type Resource } from '../resources.ts';
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
  ).action((name: string | undefined, options: GetOptions) => show(context, RENTALS, name, options));

  withOutput(get.command('nodes').alias('node').argument('[name]', 'name of a node').addOption(watch)).action(
    async (name: string | undefined, options: GetOptions) => {
      if (isForPeople(options)) await warnOfBreaker(context);
      await show<AnyNode>(context, NODES, name, options);
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

async function show<Item>(
  context: Context,
  resource: Resource<Item>,
  name: string | undefined,
  options: GetOptions,
): Promise<void> {
  const query: Record<string, string> = options.all ? { all: 'true' } : {};
  const path = name === undefined ? resource.path : `${resource.path}/${encodeURIComponent(name)}`;
  const client = context.client();
  const printer = createPrinter(context.io, resource, options.output);
  if (options.watch) {
    if (name === undefined) {
      printBefore(printer, await client.list<Item>(path, query), options);
      return watchOn(context, path, { query }, printer.change);
    }
    const item = await client.get<Item>(path);
    printBefore(printer, [item], options);
    // By its id: once it has ended, its name finds it no more.
    const steady = `${resource.path}/${encodeURIComponent(resource.idOf(item))}`;
    return watchOn(context, steady, { query: {} }, printer.change, isOver);
  }
  if (name !== undefined) {
    const item = await client.get<Item>(path);
    if (!printData(context.io, options.output, item)) printer.list([item]);
    return;
  }
  const items = await client.list<Item>(path, query);
  printer.list(items);
  if (items.length === 0 && isForPeople(options)) context.io.err(`There are no ${resource.singular}s.\n`);
}

/** Who may see the pool is told when nobody is moved; all others are told on their rentals. */
async function warnOfBreaker(context: Context): Promise<void> {
  try {
    const { conditions } = await context.client().get<Partial<PoolView>>('/api/pool');
    const held = conditions?.find(({ type, status }) => type === 'MovesAllowed' && status === 'False');
    if (held) context.io.err(`${printable(held.message)} (since ${held.lastTransitionTime})\n`);
  } catch (error) {
    // A tenant, or a server that is older.
    if (!(error instanceof ApiError && [403, 404].includes(error.status))) throw error;
  }
}

async function showEvents(context: Context, options: GetOptions): Promise<void> {
  const query: Record<string, string> = {};
  for (const key of ['node', 'type'] as const) {
    const value = options[key];
    if (value !== undefined) query[key] = value;
  }
  const client = context.client();
  if (options.rental !== undefined) {
    // Events name rentals by their id; people name them by their name.
    query.rental = (
      await client.get<{ id: string }>(`${RENTALS.path}/${encodeURIComponent(options.rental)}`)
    ).id;
  }
  const printer = createPrinter(context.io, EVENTS, options.output);
  // What happened last is what one looks for; it is printed last, where the eye is.
  const newest = await client.list<EventView>(EVENTS.path, { ...query, order: 'desc' }, options.limit);
  const ordered = newest.toReversed();
  if (options.watch) {
    printBefore(printer, ordered, options);
    // Also with none so far, so that none is missed between the two.
    const lastId = String(newest[0]?.seq ?? 0);
    return watchOn(context, EVENTS.path, { query, lastId }, printer.change);
  }
  printer.list(ordered);
  if (ordered.length === 0 && isForPeople(options)) context.io.err('There are no events.\n');
}

/** Programs that watch read one object a line, from the first on. */
function printBefore<Item>(printer: Printer<Item>, items: Item[], { output }: GetOptions): void {
  if (output === 'json' || output === 'yaml') for (const item of items) printer.change(item);
  else printer.list(items);
}

async function watchOn<Item>(
  context: Context,
  path: string,
  from: { query: Record<string, string>; lastId?: string },
  change: (item: Item) => void,
  isLast?: (item: Item) => boolean,
): Promise<void> {
  const { signal } = context.io;
  let last: Item | null = null;
  const until = () => last !== null && (isLast?.(last) ?? false);
  for await (const item of context.client().watch<Item>(path, { signal, until, ...from })) {
    last = item;
    change(item);
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
