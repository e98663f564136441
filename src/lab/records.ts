import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProcessIdentity } from './processes.ts';

/** One file under `run` for each process of a lab, so that another terminal, or the next lab, finds it. */
const SUFFIX = '.process.json';

function pathOf(home: string, name: string): string {
  return join(home, 'run', `${name}${SUFFIX}`);
}

export async function writeRecord(home: string, name: string, record: ProcessIdentity): Promise<void> {
  await mkdir(join(home, 'run'), { recursive: true, mode: 0o700 });
  const path = pathOf(home, name);
  // Renamed into place: a reader sees the old record or the new one, never half of one.
  const { pid, startTime } = record;
  await writeFile(`${path}.${process.pid}`, `${JSON.stringify({ pid, startTime })}\n`, { mode: 0o600 });
  await rename(`${path}.${process.pid}`, path);
}

export async function readRecord(home: string, name: string): Promise<ProcessIdentity | null> {
  const text = await readFile(pathOf(home, name), 'utf8').catch(() => null);
  if (text === null) return null;
  const { pid, startTime } = JSON.parse(text) as ProcessIdentity;
  return { pid, startTime };
}

export async function removeRecord(home: string, name: string): Promise<void> {
  await rm(pathOf(home, name), { force: true });
}

export async function listRecords(home: string): Promise<string[]> {
  const entries = await readdir(join(home, 'run')).catch(() => []);
  return entries.filter((entry) => entry.endsWith(SUFFIX)).map((entry) => entry.slice(0, -SUFFIX.length));
}
