import type { WatchOptions } from '../client/client.ts';
import { CliError, EXIT } from './cli-error.ts';
import type { Context } from './context.ts';
import { forEach } from './each.ts';
import { ENDED } from './follow.ts';
import type { Io } from './io.ts';
import { drawLive } from './live-table.ts';
import { createPrinter, type Format, isForPeople, type Printer, printData } from './output.ts';
import type { Resource } from './resources.ts';

/** Where objects of one kind are read and watched. */
export interface Source<Item> {
  list(): Promise<Item[]>;
  load(name: string): Promise<Item>;
  watchAll(options: WatchOptions): AsyncGenerator<Item>;
  watchOne(id: string, options: WatchOptions): AsyncGenerator<Item>;
}

export interface ShowOptions {
  watch?: boolean;
  output?: Format;
}

/** Prints all objects of a kind, or those with these names; with `watch`, every change until Ctrl-C. */
export async function show<Item>(
  context: Context,
  resource: Resource<Item>,
  source: Source<Item>,
  names: readonly string[],
  options: ShowOptions,
): Promise<void> {
  const { io } = context;
  const [name] = names;
  if (options.watch) {
    if (names.length > 1) {
      throw new CliError(`one ${resource.singular} can be watched, or all`, { exitCode: EXIT.usage });
    }
    return watchOn(io, resource, source, name, options.output);
  }
  const printer = createPrinter(io, resource, options.output);
  if (name !== undefined) {
    const items = await forEach(context, names, (each) => source.load(each));
    if (names.length > 1 || !printData(io, options.output, items[0])) printer.list(items);
    return;
  }
  const items = await source.list();
  printer.list(items);
  if (items.length === 0 && isForPeople(options.output)) io.err(`There are no ${resource.singular}s.\n`);
}

async function watchOn<Item>(
  io: Io,
  resource: Resource<Item>,
  source: Source<Item>,
  name: string | undefined,
  format: Format | undefined,
): Promise<void> {
  const { signal } = io;
  const first = name === undefined ? await source.list() : [await source.load(name)];
  // By its id, because the name no longer finds a rental that has ended.
  const id = name === undefined || first[0] === undefined ? null : resource.idOf(first[0]);
  let last: Item | undefined = first[0];
  async function* changes(): AsyncGenerator<Item> {
    const seen =
      id === null ? source.watchAll({ signal }) : source.watchOne(id, { signal, until: () => isOver(last) });
    for await (const item of seen) {
      last = item;
      yield item;
    }
  }
  if (isForPeople(format) && io.terminal('out') !== null) {
    const list = async () => (id === null ? source.list() : [await source.load(id)]);
    await drawLive(io, resource, format, { list, changes });
  } else {
    const printer = createPrinter(io, resource, format);
    printBefore(printer, first, format);
    for await (const item of changes()) printer.change(item);
  }
  endWatch(io);
}

/** Programs that watch read one object per line, from the start. */
export function printBefore<Item>(printer: Printer<Item>, items: Item[], format: Format | undefined): void {
  if (format === 'json' || format === 'yaml') for (const item of items) printer.change(item);
  else printer.list(items);
}

/** A watch that ends by itself succeeds. */
export function endWatch({ signal }: Io): void {
  if (signal.aborted) throw new CliError('', { exitCode: EXIT.interrupted });
}

/** An ended rental no longer changes. When the server then ends the watch, so does this program. */
function isOver(item: unknown): boolean {
  const phase = (item as { status?: { phase?: string } } | undefined)?.status?.phase;
  return ENDED.some((ended) => ended === phase);
}
