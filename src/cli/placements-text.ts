import type { Rental } from '../client/protocol/operations.ts';
import { formatSection } from './sections.ts';
import { createTable, printable } from './table.ts';

/** A placement and its other side: the node, or the rental. */
type Place = Rental['status']['placements'][number] & { where: string };

/** The placements, and the reports of cleaning their nodes unless they were clean at the first try. */
export function formatPlacements(header: 'NODE' | 'RENTAL', places: Place[]): string {
  const table = createTable(['EPOCH', header, 'READY', 'ENDED', 'WHY', 'CLEANED']);
  const rows = places.map((place) => [
    String(place.epoch),
    printable(place.where),
    place.readyAt ?? '-',
    place.endedAt ?? '-',
    place.endReason ?? '-',
    place.cleanedAt ?? '-',
  ]);
  const cleaning = places.map(describeCleaning).join('');
  return (
    formatSection('Placements', rows.length === 0 ? '' : table.format(rows)) +
    (cleaning === '' ? '' : formatSection('Cleaning', cleaning))
  );
}

function describeCleaning({ epoch, node, cleaning }: Place): string {
  if (cleaning === null || (cleaning.attempts === 1 && cleaning.outcome === 'clean')) return '';
  const { attempts, outcome, reason, message, at, found } = cleaning;
  const tries = attempts === 1 ? '1 try' : `${attempts} tries`;
  const said = outcome === 'clean' ? `clean after ${tries}` : `not clean after ${tries}: ${reason}`;
  const last = outcome === 'clean' ? '' : `    ${printable(message)}\n`;
  const items = found === null ? [] : [...found.items, ...(found.more > 0 ? [`and ${found.more} more`] : [])];
  const list = items.map((item) => `      ${printable(item)}\n`).join('');
  return `placement ${epoch} on ${printable(node)}: ${said}, at ${at}\n${last}${
    found === null ? '' : `    found at ${found.at}:\n${list}`
  }`;
}
