import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

export interface Migration {
  name: string;
  checksum: string;
  statements: string[];
}

/** In the order of drizzle-kit's journal. */
export async function listMigrations(folder: URL): Promise<Migration[]> {
  const journal = JSON.parse(await readFile(new URL('meta/_journal.json', folder), 'utf8')) as {
    entries: { tag: string }[];
  };
  return await Promise.all(
    journal.entries.map(async ({ tag }) => {
      const text = await readFile(new URL(`${tag}.sql`, folder), 'utf8');
      const statements = text
        .split('--> statement-breakpoint')
        .map((statement) => statement.trim())
        .filter((statement) => statement !== '');
      return { name: tag, checksum: createHash('sha256').update(text).digest('hex'), statements };
    }),
  );
}
