import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { z } from 'zod';
import type { Logger } from '../core/ports/log.ts';
import { type AnsibleLauncher, type AnsibleOrder, type AnsibleRun, MOST_MEMORY_BYTES } from './launcher.ts';
import { killTree } from './process-tree.ts';

const START_TIMEOUT_MS = 30_000;
/** After a failed start, the plain launcher is used for this long before the next attempt. */
const RETRY_AFTER_MS = 60_000;

const messageSchema = z.union([
  z.object({ ready: z.literal(true) }),
  z.object({ id: z.number(), pid: z.number() }),
  z.object({ id: z.number(), code: z.number() }),
]);

interface Entry {
  pid: number | null;
  started(run: boolean): void;
  ended(end: { code: number | null; lost: boolean }): void;
}
type Child = ChildProcessByStdio<Writable, Readable, null>;

/** One life of the Python process. When it dies, its runs are lost, and the next order starts another. */
class WarmProcess {
  readonly ready: Promise<boolean>;
  isDead = false;
  readonly #child: Child;
  readonly #gone: Promise<void>;
  readonly #entries = new Map<number, Entry>();
  #lastId = 0;

  constructor(script: string, environment: Record<string, string>) {
    this.#child = spawn('/usr/bin/python3', [script], {
      cwd: '/',
      env: environment,
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    });
    let sayReady: (isReady: boolean) => void = () => undefined;
    this.ready = new Promise((resolve) => {
      sayReady = resolve;
    });
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), START_TIMEOUT_MS);
    this.#gone = new Promise((resolve) => {
      const bury = () => {
        clearTimeout(timer);
        this.#die();
        sayReady(false);
        resolve();
      };
      this.#child.once('error', bury);
      this.#child.once('exit', bury);
    });
    this.#child.stdin.on('error', () => undefined);
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      const message = messageSchema.safeParse(safeJson(line));
      if (!message.success) return;
      if ('ready' in message.data) {
        clearTimeout(timer);
        sayReady(true);
      } else this.#onMessage(message.data);
    });
  }

  #onMessage(message: { id: number; pid: number } | { id: number; code: number }): void {
    const entry = this.#entries.get(message.id);
    if (entry === undefined) return;
    if ('pid' in message) {
      entry.pid = message.pid;
      entry.started(true);
    } else {
      this.#entries.delete(message.id);
      entry.ended({ code: message.code, lost: false });
    }
  }

  #die(): void {
    this.isDead = true;
    for (const entry of this.#entries.values()) {
      entry.started(false);
      entry.ended({ code: null, lost: true });
    }
    this.#entries.clear();
  }

  /** Resolves when the fork exists or never will: then `ended` reports it as lost. */
  async run(order: AnsibleOrder): Promise<AnsibleRun> {
    const id = ++this.#lastId;
    let started: (run: boolean) => void = () => undefined;
    let ended: Entry['ended'] = () => undefined;
    const hasStarted = new Promise<boolean>((resolve) => {
      started = resolve;
    });
    const end = new Promise<{ code: number | null; lost: boolean }>((resolve) => {
      ended = resolve;
    });
    const entry: Entry = { pid: null, started, ended };
    this.#entries.set(id, entry);
    if (this.isDead) this.#die();
    else this.#child.stdin.write(`${JSON.stringify({ id, ...order, memory: MOST_MEMORY_BYTES })}\n`);
    await hasStarted;
    return {
      ended: end,
      kill: async () => {
        // Only until it is reaped by the process that must do so: afterwards the pid may be another's.
        if (entry.pid !== null && this.#entries.has(id)) await killTree(entry.pid);
        await end;
      },
    };
  }

  /** At the end of its input it kills its forks and exits. The timer is for a process that hangs. */
  async close(): Promise<void> {
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 2_000);
    await this.#gone;
    clearTimeout(timer);
  }
}

function safeJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** Runs in forks of a Python process that has Ansible imported. Uses `plain` whenever that can't be had. */
export function createWarmLauncher(options: {
  script: string;
  environment: Record<string, string>;
  plain: AnsibleLauncher;
  logger: Logger;
}): AnsibleLauncher {
  let warm: WarmProcess | null = null;
  let plainUntilMs = 0;
  const obtain = async (): Promise<WarmProcess | null> => {
    if (performance.now() < plainUntilMs) return null;
    if (warm === null || warm.isDead) warm = new WarmProcess(options.script, options.environment);
    const candidate = warm;
    if (await candidate.ready) return candidate;
    plainUntilMs = performance.now() + RETRY_AFTER_MS;
    options.logger.warn(
      { script: options.script },
      'warm Ansible process does not start; using the plain one',
    );
    return null;
  };
  void obtain();
  return {
    start: async (order) => {
      const process = await obtain();
      return process === null ? options.plain.start(order) : process.run(order);
    },
    close: async () => {
      plainUntilMs = Number.POSITIVE_INFINITY;
      await warm?.close();
      await options.plain.close();
    },
  };
}
