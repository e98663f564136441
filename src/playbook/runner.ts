import { mkdir, mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isOwnError, OWN_FAULT } from '../core/failure/own-fault.ts';
import type { FleetIdentity } from '../core/model/fleet-identity.ts';
import type { Logger } from '../core/ports/log.ts';
import type { NodeTarget } from '../core/ports/node-access.ts';
import type { PlaybookRequest, PlaybookResult, PlaybookRunner } from '../core/ports/playbooks.ts';
import { createFenceStamps, type FenceStamps } from './fence-stamps.ts';
import {
  type AnsibleLauncher,
  type AnsibleRun,
  ansibleEnvironment,
  createPlainLauncher,
} from './launcher.ts';
import { failure, MAX_RESULT_BYTES, parseResult } from './parse-result.ts';
import { killMarked } from './process-tree.ts';
import { findFault, isAwkwardPath, type RunFiles, writeRunFiles } from './run-files.ts';
import { createWarmLauncher } from './warm-launcher.ts';

/** The playbooks as shipped: the same path from src/playbook and from dist/playbook. */
export const DEFAULT_ANSIBLE_DIR = fileURLToPath(new URL('../../ansible/', import.meta.url));

const KILL_LIMIT_MS = 10_000;
/** Ansible's message when not itself but the process that carries out the task was killed. */
const DEAD_WORKER = 'worker was found in a dead state';

export interface PlaybookRunnerOptions {
  ansibleDir?: string;
  /** For this runner alone: runs in it, and processes that name it, are a killed daemon's and are removed. */
  runDir: string;
  logger: Logger;
  /** Keep a process with Ansible imported, and fork it for each run. */
  warm: boolean;
  /** The fleet that gives the orders; null: none, as by hand. */
  fleet?: FleetIdentity | null;
}

interface RunOptions {
  timeoutMs: number;
  signal: AbortSignal;
}

export async function createPlaybookRunner(options: PlaybookRunnerOptions): Promise<PlaybookRunner> {
  const ansibleDir = resolve(options.ansibleDir ?? DEFAULT_ANSIBLE_DIR);
  const runDir = resolve(options.runDir);
  if (isAwkwardPath(runDir))
    throw new Error(`the directory ${runDir} has a character that ssh options can't hold`);
  await removeLeftovers(runDir, options.logger);
  const environment = ansibleEnvironment(ansibleDir, runDir);
  const plain = createPlainLauncher(environment);
  const script = join(ansibleDir, 'warm_runner.py');
  const launcher = options.warm
    ? createWarmLauncher({ script, environment, plain, logger: options.logger })
    : plain;
  const stamps = options.fleet ? createFenceStamps(options.fleet) : null;
  const underWay = new Set<Promise<PlaybookResult>>();
  const closing = new AbortController();
  return {
    run: (target, request, run) => {
      const signal = AbortSignal.any([run.signal, closing.signal]);
      const promise = runPlaybook({ launcher, ansibleDir, runDir, stamps }, target, request, {
        ...run,
        signal,
      });
      underWay.add(promise);
      void promise.finally(() => underWay.delete(promise));
      return promise;
    },
    close: async () => {
      closing.abort();
      await Promise.all(underWay);
      await launcher.close();
      await removeOwnFiles(runDir);
    },
  };
}

async function removeLeftovers(runDir: string, logger: Logger): Promise<void> {
  const killed = await killMarked('ORION_RUNNER', runDir);
  if (killed > 0) logger.warn({ killed }, 'ended Ansible processes that an earlier daemon left');
  await mkdir(runDir, { recursive: true, mode: 0o700 });
  await removeOwnFiles(runDir);
}

/** Only what Ansible and this file create: a directory named by mistake keeps the operator's files. */
async function removeOwnFiles(runDir: string): Promise<void> {
  for (const name of await readdir(runDir)) {
    const isOurs = name.startsWith('run-') || name === '.ansible' || name.startsWith('ansible-');
    if (isOurs) await rm(join(runDir, name), { recursive: true, force: true });
  }
}

interface Setting {
  launcher: AnsibleLauncher;
  ansibleDir: string;
  runDir: string;
  stamps: FenceStamps | null;
}

async function runPlaybook(
  setting: Setting,
  target: NodeTarget,
  request: PlaybookRequest,
  options: RunOptions,
): Promise<PlaybookResult> {
  const fault = findFault(target, request);
  if (fault !== null) return failure('PlaybookFailed', fault);
  if (options.signal.aborted) return failure('PlaybookTimeout', 'given up before it started');
  let directory: string | null = null;
  // Before the start nothing can have happened on the node.
  let hasStarted = false;
  try {
    directory = await mkdtemp(join(setting.runDir, 'run-'));
    const files = await writeRunFiles(directory, target, request, {
      timeoutMs: options.timeoutMs,
      ansibleDir: setting.ansibleDir,
      stamps: setting.stamps,
    });
    const run = await setting.launcher.start({
      args: [
        '-i',
        files.inventory,
        '-e',
        `@${files.variables}`,
        join(setting.ansibleDir, `${request.playbook}.yml`),
      ],
      env: { ORION_RESULT: files.result },
      cwd: directory,
      output: files.output,
    });
    hasStarted = true;
    const isProven = (fence: number, stamp: string) =>
      setting.stamps?.isOurs(target.name, fence, stamp) ?? false;
    return await superviseRun(run, files, { ...options, isProven });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // What could not even be started did not fail on the node.
    const reason = !hasStarted || isOwnError(error) ? OWN_FAULT : 'PlaybookFailed';
    return failure(reason, `Ansible could not be run: ${message}`, { outcomeUnknown: hasStarted });
  } finally {
    // Errors are ignored: a directory that can't be removed now is removed at the next start.
    if (directory !== null) await rm(directory, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Waits for the end of a run or its deadline, whichever is first, and returns the outcome. */
async function superviseRun(
  run: AnsibleRun,
  files: RunFiles,
  options: RunOptions & { isProven: (fence: number, stamp: string) => boolean },
): Promise<PlaybookResult> {
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  // Not AbortSignal.timeout: one that only AbortSignal.any references is collected with its timer and never fires.
  const stopped = sleep(options.timeoutMs, 'stopped' as const, { signal, ref: false }).catch(
    () => 'stopped' as const,
  );
  const end = await Promise.race([run.ended, stopped]);
  over.abort();
  // Bounded: a process stuck in the kernel does not die. The next start finds it again.
  if (end === 'stopped') await Promise.race([run.kill(), sleep(KILL_LIMIT_MS, undefined, { ref: false })]);
  // What was written before the end is true, however the run ended.
  const text = await readBounded(files.result);
  if (text !== null) {
    const result = parseResult(text, (await readBounded(files.said)) ?? '', options.isProven);
    // A full disk is the node's, unless it is the one on which Ansible builds the module.
    const isOwn = !result.ok && result.reason === 'DiskFull';
    return (isOwn && (await failByOwnDisk(files))) || result;
  }
  if (end === 'stopped') {
    const why = options.signal.aborted ? 'it was given up' : `it exceeded its ${options.timeoutMs} ms`;
    return failure('PlaybookTimeout', `${why} and was killed; what happened on the node is unknown`, {
      outcomeUnknown: true,
    });
  }
  return explainSilence(end, files);
}

/** The run ended without an answer from the node. */
async function explainSilence(end: Awaited<AnsibleRun['ended']>, files: RunFiles): Promise<PlaybookResult> {
  const own = await failByOwnDisk(files);
  if (own) return own;
  const printed = await describeOutput(files);
  const isKilled = end.lost || end.code === null || end.code < 0 || printed.includes(DEAD_WORKER);
  // Processes that the run started may still be talking to the node.
  if (isKilled) await killMarked('ORION_RESULT', files.result);
  const [reason, what] = isKilled
    ? ([
        'PlaybookKilled',
        'Ansible was killed during the run; what happened on the node is unknown.',
      ] as const)
    : (['PlaybookUnreadable', `ansible-playbook ended with code ${end.code} and no answer.`] as const);
  return failure(reason, `${what} ${printed}`, { outcomeUnknown: true });
}

/** As much as Ansible writes for one run. */
const RUN_BYTES = 256 * 1_024;

/** Checks that this machine can still write what a run needs. Null: it can. */
async function failByOwnDisk(files: RunFiles): Promise<PlaybookResult | null> {
  try {
    const file = await open(join(dirname(files.result), 'space'), 'w', 0o600);
    try {
      await file.writeFile(Buffer.alloc(RUN_BYTES));
    } finally {
      await file.close();
    }
    return null;
  } catch (error) {
    if (!isOwnError(error)) throw error;
    const message = `Ansible could not be run: ${(error as Error).message}`;
    return failure(OWN_FAULT, message, { outcomeUnknown: true });
  }
}

/** Null: it was never written. Any other read error is thrown. */
async function readBounded(path: string): Promise<string | null> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (file === null) return null;
  try {
    const buffer = Buffer.alloc(MAX_RESULT_BYTES);
    const { bytesRead } = await file.read(buffer, 0, MAX_RESULT_BYTES, 0);
    // A file that fills the buffer is cut off, does not parse, and so is unreadable.
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** The line of Ansible's output that names a cause; later lines may quote our files. */
async function describeOutput(files: RunFiles): Promise<string> {
  const output = (await readBounded(files.output)) ?? '';
  const line = output.split('\n').find((text) => /ERROR|Error/.test(text)) ?? '';
  return /[A-Za-z0-9+/]{60}/.test(line) ? '' : line.slice(0, 200);
}
