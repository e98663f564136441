import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The shell blocks of one chapter of the README, in order, as a reader would copy them. */
export async function readShellBlocks(folder: string, chapter: string): Promise<string[]> {
  const text = await readFile(join(folder, 'README.md'), 'utf8');
  const [, body] = new RegExp(`^## ${chapter}\\n(.*?)(?=^## |$(?![\\s\\S]))`, 'ms').exec(text) ?? [];
  if (body === undefined) throw new Error(`README.md has no chapter ${chapter}`);
  return [...body.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block ?? '');
}
