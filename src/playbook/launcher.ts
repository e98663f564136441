import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { killTree } from './process-tree.ts';

export interface AnsibleOrder {
  /** Arguments of ansible-playbook. */
  args: string[];
  /** Added to the environment that every run has. */
  env: Record<string, string>;
  cwd: string;
  /** The file for Ansible's output. For diagnosis only: no answer is parsed from it. */
  output: string;
}

export interface AnsibleRun {
  /** Resolves when the run has ended. `lost`: its keeper died, so the outcome is unknown. Never rejects. */
  ended: Promise<{ code: number | null; lost: boolean }>;
  /** Ends the run with all its processes; resolves when they are gone. */
  kill(): Promise<void>;
}

/** Starts ansible-playbook in one way or another. */
export interface AnsibleLauncher {
  /** Rejects when the run could not be started at all. */
  start(order: AnsibleOrder): Promise<AnsibleRun>;
  close(): Promise<void>;
}

/**
 * The most address space of each process of a run. A node's output is bounded before (bounded_ssh.py); this
 * covers whatever else may grow. Ordinary runs take up to 210 MB.
 */
export const MOST_MEMORY_BYTES = 512 * 1_024 * 1_024;

/** Debian's, not one that a version manager or virtual environment put first. */
const ANSIBLE_PATH = '/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin';

/**
 * The whole environment of Ansible, built from nothing: ANSIBLE_*, PYTHON* or SSH_AUTH_SOCK from the daemon's own
 * environment could change what is run and how.
 */
export function ansibleEnvironment(ansibleDir: string, runDir: string): Record<string, string> {
  return {
    PATH: ANSIBLE_PATH,
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
    HOME: runDir,
    TMPDIR: runDir,
    ANSIBLE_CONFIG: `${ansibleDir}/ansible.cfg`,
    ANSIBLE_STDOUT_CALLBACK: 'orion_result',
    ANSIBLE_CALLBACK_PLUGINS: `${ansibleDir}/callback_plugins`,
    // Marks every process of this runner, so that the next daemon finds what a killed one left.
    ORION_RUNNER: runDir,
  };
}

/** One ansible-playbook per run: slow to start (about a second), but with nothing in between to fail. */
export function createPlainLauncher(environment: Record<string, string>): AnsibleLauncher {
  return {
    start: async (order) => {
      const output = await open(order.output, 'w', 0o600);
      try {
        // A shell, because Node can't set limits. It becomes ansible-playbook, with the same pid.
        const limited = `ulimit -v ${MOST_MEMORY_BYTES / 1_024}; exec ansible-playbook "$@"`;
        const child = spawn('/bin/sh', ['-c', limited, 'sh', ...order.args], {
          cwd: order.cwd,
          env: { ...environment, ...order.env },
          stdio: ['ignore', output.fd, output.fd],
          detached: true,
        });
        let isOver = false;
        const ended = new Promise<{ code: number | null; lost: boolean }>((resolve) => {
          child.once('error', () => resolve({ code: null, lost: false }));
          child.once('exit', (code) => {
            isOver = true;
            resolve({ code, lost: false });
          });
        });
        await new Promise<void>((resolve, reject) => {
          child.once('spawn', resolve);
          child.once('error', reject);
        });
        const { pid } = child;
        return {
          ended,
          kill: async () => {
            if (pid !== undefined && !isOver) await killTree(pid);
            await ended;
          },
        };
      } finally {
        await output.close();
      }
    },
    close: async () => undefined,
  };
}
