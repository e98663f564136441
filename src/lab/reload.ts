import { loadInventory } from '../inventory/load.ts';
import { writeMachines } from './machines.ts';
import { isRunning, signalProcess } from './processes.ts';
import { readRecord } from './records.ts';
import { checkNode, type Environment, publicKeyOf } from './settings.ts';
import { type LabState, writeState } from './state.ts';
import { requireState } from './status.ts';
import { openWorker, type Worker } from './worker.ts';

export interface Reloaded {
  /** Mistakes in the file. With any, the workers stay as they are; the daemons find the mistakes themselves. */
  problems: string[];
  started: string[];
  moved: string[];
  /** Workers whose node left the file. They keep running, since the daemon has to empty and clean them. */
  left: string[];
  daemons: string[];
}

/**
 * Brings the running lab's machines in line with the inventory file as it is now, then sends SIGHUP to the daemons.
 * On a real fleet the machines are there already and the signal is all that is needed.
 */
export async function reloadLab(home: string, env: Environment): Promise<Reloaded> {
  const state = await requireState(home);
  const loaded = await loadInventory(state.inventoryPath, { ...env, ORION_HOME: home });
  const changes = { problems: loaded.ok ? [] : loaded.problems, started: [], moved: [], left: [] };
  const done: Reloaded = { ...changes, daemons: [] };
  if (loaded.ok) {
    const { nodes } = loaded.inventory;
    nodes.forEach(checkNode);
    const workers: LabState['workers'] = [];
    for (const node of nodes) {
      const { name, host, port } = node;
      const spec = { name, host, port, authorizedKey: await publicKeyOf(node) };
      const old = state.workers.find((worker) => worker.name === name);
      if (old === undefined) done.started.push(name);
      else if (old.host !== host || old.port !== port) {
        await (await openWorker({ home, ...old })).stop();
        done.moved.push(name);
      }
      workers.push(spec);
    }
    const gone = state.workers.filter((worker) => nodes.every(({ name }) => name !== worker.name));
    done.left.push(...gone.map(({ name }) => name));
    await writeState(home, { ...state, workers: [...workers, ...gone] });
    await writeMachines(home, [...workers, ...gone]);
    const fresh = workers.filter(({ name }) => [...done.started, ...done.moved].includes(name));
    for (const spec of fresh) await (await openWorker({ home, ...spec })).start();
  }
  for (const name of state.daemons) if (await signalDaemon(home, name)) done.daemons.push(name);
  return done;
}

async function signalDaemon(home: string, name: string): Promise<boolean> {
  const record = await readRecord(home, name);
  if (record === null || !(await isRunning(record))) return false;
  await signalProcess(record, 'SIGHUP');
  return true;
}

/** The workers of a lab's state, by name. */
export async function openStateWorkers(home: string): Promise<Map<string, Worker>> {
  const { workers } = await requireState(home);
  return new Map(
    await Promise.all(workers.map(async (spec) => [spec.name, await openWorker({ home, ...spec })] as const)),
  );
}
