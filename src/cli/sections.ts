import { printable } from './table.ts';

/** Formats for people that are not tables: names with their values, and sections. */
export function formatPairs(pairs: [string, string][]): string {
  const width = Math.max(...pairs.map(([key]) => key.length)) + 1;
  return pairs.map(([key, value]) => `${`${key}:`.padEnd(width)}   ${printable(value)}\n`).join('');
}

export function formatSection(title: string, text: string): string {
  const body = text === '' ? 'none\n' : text;
  return `${title}:\n${body.replaceAll(/^(?=.)/gm, '  ')}`;
}
