import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What other terminals need to know of a running lab. Written when it is up, removed when it ends. */
export interface LabState {
  url: string;
  httpsPort: number;
  inventoryPath: string;
  databaseSocket: string;
  daemons: string[];
  workers: { name: string; host: string; port: number; authorizedKey: string }[];
}

export async function writeState(home: string, state: LabState): Promise<void> {
  const path = join(home, 'run', 'lab.json');
  await mkdir(join(home, 'run'), { recursive: true, mode: 0o700 });
  await writeFile(`${path}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

export async function readState(home: string): Promise<LabState | null> {
  const text = await readFile(join(home, 'run', 'lab.json'), 'utf8').catch(() => null);
  return text === null ? null : (JSON.parse(text) as LabState);
}

export async function removeState(home: string): Promise<void> {
  await rm(join(home, 'run', 'lab.json'), { force: true });
}
