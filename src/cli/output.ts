import { type Command, Option } from 'commander';
import { stringify } from 'yaml';
import type { Io } from './io.ts';
import type { Column, Resource } from './resources.ts';
import { createTable } from './table.ts';

export const FORMATS = ['json', 'yaml', 'wide', 'name'] as const;
export type Format = (typeof FORMATS)[number];

export function withOutput(command: Command, formats: readonly Format[] = FORMATS): Command {
  return command.addOption(
    new Option('-o, --output <format>', 'how to print: for people when left out').choices(formats),
  );
}

/** One object, or a list of them, in a format for programs. False when the format is one for people. */
export function printData(io: Io, format: Format | undefined, value: unknown): boolean {
  if (format === 'json') io.out(`${JSON.stringify(value, null, 2)}\n`);
  else if (format === 'yaml') io.out(stringify(value));
  else return false;
  return true;
}

/** Prints objects of one kind as they come, lists first and changes later. */
export interface Printer<Item> {
  /** A whole list. */
  list(items: Item[]): void;
  /** One object that may have changed since it was last printed; only what the format shows counts. */
  change(item: Item): void;
}

export function createPrinter<Item>(
  io: Io,
  resource: Resource<Item>,
  format: Format | undefined,
): Printer<Item> {
  const shown = new Map<string, string>();
  let table: { columns: Column<Item>[]; format(rows: string[][]): string } | null = null;

  function rowOf(item: Item, columns: Column<Item>[]): string[] {
    return columns.map((column) => column.cell(item, io.now()));
  }

  function printRows(items: Item[]): void {
    if (table === null) {
      const columns = resource.columns(items[0]).filter((column) => format === 'wide' || !column.wide);
      table = { columns, ...createTable(columns.map((column) => column.header)) };
    }
    const { columns } = table;
    io.out(table.format(items.map((item) => rowOf(item, columns))));
  }

  /** What makes a new line worth printing: the cells that don't change by the mere passing of time. */
  function keyOf(item: Item): string {
    if (format === 'json' || format === 'yaml') return JSON.stringify(item);
    const columns = resource.columns(item).filter((column) => !column.volatile);
    return JSON.stringify(rowOf(item, columns));
  }

  function print(items: Item[]): void {
    if (format === 'name') {
      io.out(items.map((item) => `${resource.singular}/${resource.nameOf(item)}\n`).join(''));
    } else printRows(items);
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
      // One object to a line, so that a program can read while more come.
      if (format === 'json') io.out(`${JSON.stringify(item)}\n`);
      else if (format === 'yaml') io.out(`---\n${stringify(item)}`);
      else print([item]);
    },
  };
}
