import { createHash } from 'node:crypto';
import { readdir, readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const GIVE_UP_AFTER_MS = 10_000;

/** The name of a worker's control group; the same at each start, so that a leftover one is used again. */
export function groupOf(folder: string): string {
  return `orion-worker-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`;
}

/** Removes a stopped worker's control groups. The kernel frees them a moment after the last process. */
export async function removeGroups(folder: string): Promise<void> {
  const mounts = (await readFile('/proc/mounts', 'utf8')).split('\n').map((line) => line.split(' '));
  for (const [, point, kind] of mounts) {
    if (point && (kind === 'cgroup' || kind === 'cgroup2')) await removeTree(join(point, groupOf(folder)));
  }
}

async function removeTree(group: string): Promise<void> {
  const below = await readdir(group, { withFileTypes: true }).catch(() => []);
  for (const entry of below) if (entry.isDirectory()) await removeTree(join(group, entry.name));
  const giveUpAt = Date.now() + GIVE_UP_AFTER_MS;
  for (;;) {
    try {
      await rmdir(group);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY' || Date.now() > giveUpAt) return;
      await sleep(10);
    }
  }
}
