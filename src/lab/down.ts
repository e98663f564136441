import { takeLock } from '../daemon/process-lock.ts';
import { removeLeftovers } from './leftovers.ts';
import { signalProcess, waitUntilGone } from './processes.ts';
import { readRecord } from './records.ts';
import { LabError } from './settings.ts';

const STOP_DEADLINE_MS = 90_000;

/** Asks the lab of this ORION_HOME to stop, and removes what a killed one left behind. */
export async function stopLab(home: string): Promise<'stopped' | 'removed' | 'nothing'> {
  const lab = await readRecord(home, 'lab');
  const asked = lab !== null && (await signalProcess(lab, 'SIGTERM'));
  if (asked && !(await waitUntilGone(lab, STOP_DEADLINE_MS))) {
    throw new LabError(`The lab (pid ${lab.pid}) did not stop within ${STOP_DEADLINE_MS / 1000} s.`);
  }
  const release = await takeLock(home);
  if (release === null) throw new LabError(`Another lab is just starting in ${home}; try again.`);
  try {
    const removed = await removeLeftovers(home);
    if (asked) return 'stopped';
    return removed > 0 ? 'removed' : 'nothing';
  } finally {
    await release();
  }
}
