/** The page that an address shows. */
export type Route =
  | { page: 'fleet' }
  | { page: 'node'; name: string }
  | { page: 'rentals' }
  | { page: 'rental'; id: string }
  | { page: 'queue' }
  | { page: 'events' }
  | { page: 'quality' }
  | { page: 'unknown' };

const SIMPLE: Record<string, Route['page']> = {
  '/': 'fleet',
  '/rentals': 'rentals',
  '/queue': 'queue',
  '/events': 'events',
  '/quality': 'quality',
};

export function parseRoute(path: string): Route {
  const page = SIMPLE[path];
  if (page !== undefined) return { page } as Route;
  const [, kind, name, ...more] = path.split('/');
  if (name === undefined || name === '' || more.length > 0) return { page: 'unknown' };
  const decoded = decode(name);
  if (decoded === null) return { page: 'unknown' };
  if (kind === 'nodes') return { page: 'node', name: decoded };
  return kind === 'rentals' ? { page: 'rental', id: decoded } : { page: 'unknown' };
}

export function nodePath(name: string): string {
  return `/nodes/${encodeURIComponent(name)}`;
}

export function rentalPath(id: string): string {
  return `/rentals/${encodeURIComponent(id)}`;
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
