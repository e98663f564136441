import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type LabSettings, publicKeyOf } from './settings.ts';
import type { LabState } from './state.ts';
import { openWorker, type Worker } from './worker.ts';

/**
 * Records every machine that this lab has made and not given back, also across restarts: one that left the inventory
 * is there again when the lab comes up, because the daemon has yet to empty and clean it.
 */
export async function writeMachines(home: string, machines: LabState['workers']): Promise<void> {
  const path = join(home, 'workers', 'machines.json');
  await mkdir(join(home, 'workers'), { recursive: true, mode: 0o700 });
  await writeFile(`${path}.new`, `${JSON.stringify(machines, null, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

async function readMachines(home: string): Promise<LabState['workers']> {
  const text = await readFile(join(home, 'workers', 'machines.json'), 'utf8').catch(() => '[]');
  return JSON.parse(text) as LabState['workers'];
}

/** A worker for each node of the inventory, and for each recorded machine that is no longer in it. */
export async function openMachines(settings: LabSettings): Promise<Map<string, Worker>> {
  const { home } = settings;
  const specs: LabState['workers'] = [];
  for (const node of settings.nodes) {
    const { name, host, port } = node;
    specs.push({ name, host, port, authorizedKey: await publicKeyOf(node) });
  }
  const isTaken = ({ name, host, port }: LabState['workers'][number]) =>
    specs.some((spec) => spec.name === name || (spec.host === host && spec.port === port));
  specs.push(...(await readMachines(home)).filter((machine) => !isTaken(machine)));
  await writeMachines(home, specs);
  const workers = new Map<string, Worker>();
  for (const spec of specs) workers.set(spec.name, await openWorker({ home, ...spec }));
  return workers;
}

/** Removes the machines of nodes that the daemon has emptied, cleaned and forgotten, with all their files. */
export async function giveBackMachines(
  { home, nodes }: LabSettings,
  workers: Map<string, Worker>,
  listed: { name: string }[],
): Promise<void> {
  const needed = new Set([...nodes, ...listed].map(({ name }) => name));
  for (const [name, worker] of workers) {
    if (needed.has(name)) continue;
    await worker.stop();
    await rm(worker.folder, { recursive: true, force: true });
    workers.delete(name);
  }
  const kept = (await readMachines(home)).filter(({ name }) => workers.has(name));
  await writeMachines(home, kept);
}
