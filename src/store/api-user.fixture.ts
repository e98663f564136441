import { readFileSync } from 'node:fs';
import { createPool, type Pool } from './connection/pool.ts';

const FILE = new URL('../../compose/db/api-grants.sql', import.meta.url);

/** The statements that compose gives the API's user its rights with. */
function listGrants(): string[] {
  const text = readFileSync(FILE, 'utf8').replace(/^--.*$/gm, '');
  return text
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}

/** Gives that user, made when there is none, its rights in this database, and a pool of its connections. */
export async function openAsApiUser(root: Pool, url: string): Promise<Pool> {
  await root.withConnection(async ({ execute }) => {
    await execute(`CREATE USER IF NOT EXISTS 'orion_api'@'%' IDENTIFIED BY 'secret'`);
    // Where an anonymous user may come in by the socket, it is taken for whom it is not.
    await execute(`DROP USER IF EXISTS ''@'localhost'`);
    for (const grant of listGrants()) await execute(grant);
  });
  return createPool({ url: asApiUser(url) });
}

export function asApiUser(url: string): string {
  return url.replace('root@', 'orion_api:secret@');
}
