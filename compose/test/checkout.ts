import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { inject } from 'vitest';

/** A copy of the checkout, as in a fresh clone, with a shell in it. */
export interface Checkout {
  folder: string;
  /** Runs lines of bash, each of which must succeed. Resolves with what they print on standard output. */
  run(script: string, options?: RunOptions): Promise<string>;
  /** Adds to the environment of every later script. */
  set(env: Record<string, string>): void;
  /** Stops and removes all that the compose files made, and the copy. */
  close(): Promise<void>;
}

interface RunOptions {
  timeoutMs?: number;
  input?: string;
}

export const ROOT = join(import.meta.dirname, '..', '..');

export async function createCheckout(): Promise<Checkout> {
  const folder = await mkdtemp(join(tmpdir(), 'orion-compose-'));
  // With what is not committed yet, but nothing that is ignored: keys, packages and builds must be made anew.
  await execa(
    'bash',
    [
      '-c',
      'git ls-files -z --cached --others --exclude-standard --deduplicate | xargs -0 cp --parents -t "$0"',
      folder,
    ],
    { cwd: ROOT },
  );
  const env: Record<string, string> = {
    ...inject('docker'),
    HOME: join(folder, 'home'),
    // Not the name of a real installation, whose volumes must be left alone.
    COMPOSE_PROJECT_NAME: 'orion_test',
  };
  const run = async (script: string, { timeoutMs = 300_000, input = '' }: RunOptions = {}) => {
    const options = { cwd: folder, env, timeout: timeoutMs, input, reject: false, all: true } as const;
    const ran = await execa('bash', ['-euo', 'pipefail', '-c', script], options);
    if (ran.exitCode === 0) return ran.stdout;
    const how = ran.timedOut ? `took longer than ${timeoutMs} ms` : `ended with ${ran.exitCode}`;
    throw new Error(`${script}\n${how}:\n${ran.all.slice(-4_000)}`);
  };
  const down = (file: string) => run(`docker compose -f compose/${file}.yml down --volumes --timeout 5 2>&1`);
  return {
    folder,
    run,
    set: (more) => Object.assign(env, more),
    async close() {
      await down('control-plane').finally(() => down('workers'));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
