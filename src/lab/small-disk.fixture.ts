import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

/** A file system of its own that can be filled, so that writes to it get a real ENOSPC. */
export interface SmallDisk {
  path: string;
  /** Takes all the space but this many bytes. */
  fill(leaveBytes?: number): Promise<void>;
  empty(): Promise<void>;
  close(): Promise<void>;
}

export async function openSmallDisk(megabytes: number): Promise<SmallDisk> {
  const path = await mkdtemp(join(tmpdir(), 'orion-disk-'));
  await execa('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'tmpfs', path]);
  const ballast = join(path, 'ballast');
  return {
    path,
    async fill(leaveBytes = 0) {
      const { bavail, bsize } = await statfs(path);
      const all = writeFile(ballast, Buffer.alloc(Math.max(bavail * bsize - leaveBytes, 0)));
      // Whatever uses the disk may have taken some of the space meanwhile. Then it is full anyway.
      await all.catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOSPC') throw error;
      });
    },
    empty: () => rm(ballast, { force: true }),
    async close() {
      await execa('umount', ['--lazy', path]);
      await rm(path, { recursive: true, force: true });
    },
  };
}
