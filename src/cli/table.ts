import { escapeText } from '../core/text/escape-text.ts';
import { type Paint, plain, type Tone } from './paint.ts';

export type Cell = string | { text: string; tone: Tone };

/** A table as kubectl prints it: columns as wide as their widest cell, three blanks between them. */
export interface Table {
  /** Rows aligned with each other and with those printed before. */
  format(rows: Cell[][]): string;
}

const GAP = '   ';

/** `width` is the longest line allowed, for a terminal. Longer ones are cut and marked with `…`. */
export function createTable(headers: string[], look: { width?: number; paint?: Paint } = {}): Table {
  const { width = Number.POSITIVE_INFINITY, paint = plain } = look;
  const widths = headers.map((header) => header.length);
  let printedHeaders = false;
  return {
    format(rows) {
      const all = printedHeaders
        ? rows
        : [headers.map((text) => ({ text, tone: 'strong' as const })), ...rows];
      printedHeaders = true;
      for (const row of all) {
        for (const [index, cell] of row.entries()) {
          widths[index] = Math.max(widths[index] ?? 0, textOf(cell).length);
        }
      }
      return all.map((row) => `${formatRow(row, widths, width, paint)}\n`).join('');
    },
  };
}

function formatRow(row: Cell[], widths: number[], width: number, paint: Paint): string {
  const parts: string[] = [];
  let used = 0;
  // No trailing blanks after the last non-empty cell.
  const end = row.findLastIndex((cell) => textOf(cell) !== '');
  for (const [index, cell] of row.slice(0, end + 1).entries()) {
    const gap = index === 0 ? '' : GAP;
    const room = width - used - gap.length;
    if (room < 1) break;
    const text = textOf(cell);
    const shown = text.length > room ? `${text.slice(0, room - 1)}…` : text;
    const padding =
      index === end ? '' : ' '.repeat(Math.max(0, Math.min(widths[index] ?? 0, room) - shown.length));
    parts.push(gap, typeof cell === 'string' ? shown : paint(shown, cell.tone), padding);
    used += gap.length + shown.length + padding.length;
  }
  return parts.join('');
}

function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text;
}

/** The longest is an RSA key of 16384 bits. Everything else is far shorter. */
const MAX_CELL = 4_096;

/** Text from elsewhere must not control the terminal. */
export function printable(text: string): string {
  return escapeText(text, MAX_CELL);
}

/** `45s`, `12m`, `3h`, `2d`: as exact as a glance needs. Below 10 min and 8 h with a second unit (`9m30s`). */
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
