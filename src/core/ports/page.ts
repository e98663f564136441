/** A part of a long list. */
export interface Page<Item> {
  items: Item[];
  /** Where the next page begins; null: this was the last one. */
  nextCursor: string | null;
}

/** A page cursor that can't be read: the caller's mistake, not the store's. */
export class InvalidCursorError extends Error {
  override readonly name = 'InvalidCursorError';
  constructor() {
    super('the cursor was not issued by a list');
  }
}

/** `found` is one item longer than the page when there is a next one. */
export function toPage<Item>(found: Item[], limit: number, cursorOf: (last: Item) => string): Page<Item> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: last && found.length > limit ? cursorOf(last) : null };
}

/** A position in the order by age rather than a row, so that rows that come and go shift nothing. */
export interface Place {
  createdAt: Date;
  id: string;
}

/** Opaque to clients. */
export function formatCursor({ createdAt, id }: Place): string {
  const encoded = btoa(`${createdAt.getTime()}/${id}`);
  return encoded.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

export function parseCursor(cursor: string): Place {
  const match = /^(\d{1,14})\/([\w-]{1,64})$/.exec(decode(cursor));
  if (!match) throw new InvalidCursorError();
  return { createdAt: new Date(Number(match[1])), id: match[2] as string };
}

function decode(cursor: string): string {
  try {
    return atob(cursor.replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    return '';
  }
}

/** The cursor of a list in the order of a number. */
export function parseNumberCursor(cursor: string): number {
  if (!/^\d{1,15}$/.test(cursor)) throw new InvalidCursorError();
  return Number(cursor);
}
