import { InvalidCursorError } from './errors.ts';

/** The position of one rental in a list's order. Opaque to clients. */
export interface Place {
  createdAt: Date;
  id: string;
}

export function formatCursor({ createdAt, id }: Place): string {
  return Buffer.from(`${createdAt.getTime()}/${id}`).toString('base64url');
}

export function parseCursor(cursor: string): Place {
  const match = /^(\d{1,14})\/([\w-]{1,64})$/.exec(Buffer.from(cursor, 'base64url').toString());
  if (!match) throw new InvalidCursorError('the cursor was not issued by a list');
  return { createdAt: new Date(Number(match[1])), id: match[2] as string };
}
