import { readFileSync } from 'node:fs';
import { createPool, type Pool } from './connection/pool.ts';

const FILE = new URL('../../compose/db/api-grants.sql', import.meta.url);

/** The statements with which compose grants the API's user its rights. */
function listGrants(): string[] {
  const text = readFileSync(FILE, 'utf8').replace(/^--.*$/gm, '');
  return text
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}

/** Grants that user its rights in this database, creating it if missing. Returns a pool of its connections. */
export async function openAsApiUser(root: Pool, url: string): Promise<Pool> {
  await root.withConnection(async ({ execute }) => {
    await execute(`CREATE USER IF NOT EXISTS 'orion_api'@'%' IDENTIFIED BY 'secret'`);
    // An anonymous local user would be matched first when this user connects through the socket.
    await execute(`DROP USER IF EXISTS ''@'localhost'`);
    for (const grant of listGrants()) await execute(grant);
  });
  return createPool({ url: asApiUser(url) });
}

export function asApiUser(url: string): string {
  return url.replace('root@', 'orion_api:secret@');
}
