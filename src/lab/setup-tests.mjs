import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHECKOUT, runForeground } from './setup-steps.mjs';

export const VITEST = join(CHECKOUT, 'node_modules', 'vitest', 'vitest.mjs');

/**
 * Runs vitest with a folder of its own for temporary files, in which tests make their labs. Tests that ran to their
 * end have removed them. What interrupted tests left, for instance after Ctrl-C, is stopped and removed here.
 */
export async function runVitest(args) {
  const folder = await mkdtemp(join(tmpdir(), 'orion-tests-'));
  try {
    return await runForeground(process.execPath, [VITEST, 'run', ...args], { TMPDIR: folder });
  } finally {
    const { removeLeftovers } = await import('../../dist/lab/leftovers.js');
    const entries = await readdir(folder, { withFileTypes: true });
    for (const home of entries.filter((entry) => entry.isDirectory())) {
      await removeLeftovers(join(folder, home.name));
    }
    await rm(folder, { recursive: true, force: true });
  }
}
