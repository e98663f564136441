import { readdir, readFile, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { removeGroups } from './control-groups.ts';
import { endProcess, listMarked, type ProcessIdentity, signalProcess, waitUntilGone } from './processes.ts';
import { listRecords, removeRecord } from './records.ts';
import { removeState } from './state.ts';

/**
 * Ends what a killed lab left running and removes its records of it. Mounts and network devices are in the
 * workers' namespaces and go with their processes. Only for the holder of the lab's lock. Returns how many
 * processes there were.
 */
export async function removeLeftovers(home: string): Promise<number> {
  let ended = 0;
  // A process may start another just before it is ended, so repeat until nothing is found.
  for (let round = 0; round < 10; round++) {
    const left = await listMarked('ORION_LAB', home);
    if (left.length === 0) break;
    ended += left.length;
    await Promise.all(left.map(endLeftover));
  }
  for (const name of await listRecords(home)) await removeRecord(home, name);
  const workers = resolve(home, 'workers');
  for (const name of await readdir(workers).catch(() => [])) await removeGroups(resolve(workers, name));
  await removeState(home);
  await rm(`${home}/run/daemon_1.sock`, { force: true });
  return ended;
}

async function endLeftover(target: ProcessIdentity): Promise<void> {
  const name = (await readFile(`/proc/${target.pid}/comm`, 'utf8').catch(() => '')).trim();
  // A worker is a machine: it is switched off. unshare and a worker's first process ignore SIGTERM.
  if (['bash', 'unshare', 'sleep', 'sshd'].includes(name)) {
    await signalProcess(target, 'SIGKILL');
    if (!(await waitUntilGone(target, 10_000))) throw new Error(`Process ${target.pid} can't be killed`);
    return;
  }
  // The database writes its last pages; others have less to do.
  await endProcess(target, name === 'mariadbd' ? 15_000 : 5_000);
}
