import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { inject } from 'vitest';

/** A copy of the checkout as somebody who just cloned it has it, with a shell in it. */
export interface Checkout {
  folder: string;
  /** Runs lines of bash, of which each has to do; resolves with what they print on standard output. */
  run(script: string, options?: RunOptions): Promise<string>;
  /** Sets what every later script finds in its environment. */
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
  // With what is not committed yet, but nothing that is ignored: keys, packages and builds are to be made anew.
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
    // Not the name that a real one has, whose volumes are to be left alone.
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
