import { type Command, Option } from 'commander';
import { stringify } from 'yaml';
import type { Io } from './io.ts';
import { createPaint } from './paint.ts';
import type { Column, Resource } from './resources.ts';
import { type Cell, createTable, type Table } from './table.ts';

const FORMATS = ['json', 'yaml', 'wide', 'name'] as const;
export type Format = (typeof FORMATS)[number];

export function withOutput(command: Command, formats: readonly Format[] = FORMATS): Command {
  return command.addOption(
    new Option('-o, --output <format>', 'output format; by default for people').choices(formats),
  );
}

/** Prints one object, or a list of them, in a format for programs. False when the format is one for people. */
export function printData(io: Io, format: Format | undefined, value: unknown): boolean {
  if (format === 'json') io.out(`${JSON.stringify(value, null, 2)}\n`);
  else if (format === 'yaml') io.out(stringify(value));
  else return false;
  return true;
}

/** Prints what was done to one object: `rental/mine released`, only its name, or the object itself. */
export function printDone(
  io: Io,
  format: Format | undefined,
  { kind, name, done, object }: { kind: string; name: string; done: string; object: unknown },
): void {
  // There may be several documents. YAML also allows the separator before the first.
  if (format === 'yaml') io.out('---\n');
  if (printData(io, format, object)) return;
  io.out(format === 'name' ? `${kind}/${name}\n` : `${kind}/${name} ${done}\n`);
}

export function isForPeople(format: Format | undefined): boolean {
  return format === undefined || format === 'wide';
}

/** A table for the terminal, if there is one, cut to its width. */
export function createScreenTable(io: Io, headers: string[], cut = true): Table {
  const size = cut ? io.terminal('out') : null;
  return createTable(headers, {
    paint: createPaint(io, 'out'),
    ...(size === null ? {} : { width: size.columns }),
  });
}

/** The rows of a list for people, under their headers. Users who ask for wide rows prefer wrapped to cut ones. */
export function createRows<Item>(
  io: Io,
  resource: Resource<Item>,
  format: Format | undefined,
  cut = format !== 'wide',
): { format(items: Item[]): string } {
  let table: { columns: Column<Item>[]; table: Table } | null = null;
  return {
    format(items) {
      if (table === null) {
        const columns = resource.columns(items).filter((column) => format === 'wide' || !column.wide);
        const headers = columns.map((column) => column.header);
        table = { columns, table: createScreenTable(io, headers, cut) };
      }
      const { columns } = table;
      return table.table.format(items.map((item) => columns.map((column) => cellOf(column, item, io.now()))));
    },
  };
}

function cellOf<Item>(column: Column<Item>, item: Item, now: Date): Cell {
  const text = column.cell(item, now);
  const tone = column.tone?.(item) ?? null;
  return tone === null ? text : { text, tone };
}

/** Prints objects of one kind as they come, lists first and changes later. */
export interface Printer<Item> {
  /** Prints a whole list. */
  list(items: Item[]): void;
  /** Prints an object if what the format shows of it has changed since it was last printed. */
  change(item: Item): void;
}

export function createPrinter<Item>(
  io: Io,
  resource: Resource<Item>,
  format: Format | undefined,
): Printer<Item> {
  const shown = new Map<string, string>();
  const rows = createRows(io, resource, format);

  /** What makes a new line worth printing: the cells that don't change with time alone. */
  function keyOf(item: Item): string {
    if (format === 'json' || format === 'yaml') return JSON.stringify(item);
    const columns = resource.columns([item]).filter((column) => !column.volatile);
    return JSON.stringify(columns.map((column) => column.cell(item, io.now())));
  }

  function print(items: Item[]): void {
    if (format !== 'name') io.out(rows.format(items));
    else io.out(items.map((item) => `${resource.singular}/${resource.nameOf(item)}\n`).join(''));
  }

  return {
    list(items) {
      for (const item of items) shown.set(resource.idOf(item), keyOf(item));
      if (printData(io, format, { items, nextCursor: null })) return;
      if (items.length > 0) print(items);
    },
    change(item) {
      const id = resource.idOf(item);
      const key = keyOf(item);
      if (shown.get(id) === key) return;
      shown.set(id, key);
      // One object per line, so that a program can read before more come.
      if (format === 'json') io.out(`${JSON.stringify(item)}\n`);
      else if (format === 'yaml') io.out(`---\n${stringify(item)}`);
      else print([item]);
    },
  };
}
