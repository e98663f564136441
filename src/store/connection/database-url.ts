/** How to reach the database. */
export interface DatabaseAddress {
  user: string;
  password?: string;
  database: string;
  host?: string;
  port?: number;
  socketPath?: string;
}

/**
 * Reads `mysql://user:password@host:port/database`, with `?socketPath=…` for a unix socket. Every other option
 * is refused rather than handed to the driver: some of its options run code or loosen checks. The messages
 * don't repeat the value, which may hold a password.
 */
export function parseDatabaseUrl(text: string): DatabaseAddress {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new Error('The database URL is not of the form mysql://user:password@host:port/database');
  }
  if (url.protocol !== 'mysql:') throw new Error('The database URL must begin with mysql://');
  if (url.hostname.includes(',')) throw new Error('Several hosts in the database URL are not supported yet');
  const database = decodeURIComponent(url.pathname.slice(1));
  if (database === '') throw new Error('The database URL names no database');
  if (url.username === '') throw new Error('The database URL names no user');
  for (const option of url.searchParams.keys()) {
    if (option !== 'socketPath') throw new Error(`The database URL has an unknown option: ${option}`);
  }
  const socketPath = url.searchParams.get('socketPath');
  return {
    user: decodeURIComponent(url.username),
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
    database,
    ...(socketPath === null ? { host: url.hostname, port: Number(url.port || 3306) } : { socketPath }),
  };
}
