import { escapeText } from '../core/escape-text.ts';

/** A table as kubectl prints it: columns as wide as their widest cell, three blanks between them. */
export interface Table {
  /** Rows in line with each other and with those printed before. */
  format(rows: string[][]): string;
}

export function createTable(headers: string[]): Table {
  const widths = headers.map((header) => header.length);
  let printedHeaders = false;
  return {
    format(rows) {
      const all = printedHeaders ? rows : [headers, ...rows];
      printedHeaders = true;
      for (const row of all) {
        for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
      }
      return all.map((row) => `${formatRow(row, widths)}\n`).join('');
    },
  };
}

function formatRow(row: string[], widths: number[]): string {
  return row
    .map((cell, index) => cell.padEnd(widths[index] ?? 0))
    .join('   ')
    .trimEnd();
}

/** The longest is an RSA key of 16384 bits; the rest is shorter by far. */
const MAX_CELL = 4_096;

/** What comes from elsewhere must not steer the terminal. */
export function printable(text: string): string {
  return escapeText(text, MAX_CELL);
}

/** `45s`, `12m`, `3h`, `2d`: as exact as a glance needs; under ten minutes and hours with a second unit. */
export function formatAge(fromIso: string | null, now: Date): string {
  if (fromIso === null) return '-';
  const seconds = Math.max(0, Math.floor((now.getTime() - Date.parse(fromIso)) / 1_000));
  return Number.isNaN(seconds) ? '-' : formatSeconds(seconds);
}

/** Time left; `now` when it is over. */
export function formatLeft(untilIso: string | null, now: Date): string {
  if (untilIso === null) return '-';
  const seconds = Math.floor((Date.parse(untilIso) - now.getTime()) / 1_000);
  return seconds <= 0 ? 'now' : formatSeconds(seconds);
}

function formatSeconds(seconds: number): string {
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return two(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm');
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}

function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;
}
