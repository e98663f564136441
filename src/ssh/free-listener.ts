import { setTimeout as sleep } from 'node:timers/promises';
import type { ListenerFill } from '../core/model/listener-fill.ts';
import { FIRST_UID, LAST_UID } from '../core/model/node.ts';
import type { ProbeResult } from '../core/model/probe.ts';
import type { Logger } from '../core/ports/log.ts';
import { checkBanner } from './banner-check.ts';
import { startCommand } from './command.ts';
import { waitFor, withDeadline } from './deadline.ts';
import { toText } from './failure.ts';
import { FREE_LISTENER_SCRIPT } from './free-listener-script.ts';
import type { Held } from './held.ts';

/** On top of the probe's own time, because this is rare and changes something. */
const DEADLINE_MS = 15_000;
const RETRY_MS = 100;
const MAX_LINE = 200;
const ANSWER = /^orion-listener waiting=(\d{1,6}) closed=(\d{1,6}) uid=(\d{1,5}) held=(\d{1,6})$/;
const NOT_FULL = 'orion-listener is not full';

interface Freed {
  waiting: number;
  closed: number;
  /** The account that held most of them; null: none of Orion's accounts. */
  fill: ListenerFill | null;
}

/**
 * The node's sshd turns new clients away, but the held session answers: root is still on the node and checks what
 * is in the way. A listener that was full, and greets once freed, is no failure of the node. A listener that is
 * not full stays dead. Never rejects.
 */
export async function freeListener(
  failed: ProbeResult & { ok: false },
  held: Held,
  parents: AbortSignal[],
  { logger, onFill }: { logger: Logger; onFill: (fill: ListenerFill) => void },
): Promise<ProbeResult> {
  const { name, host, port } = held.target;
  const startedAtMs = performance.now();
  let freed: Freed | null = null;
  try {
    await withDeadline(DEADLINE_MS, parents, async (signal) => {
      freed = await runScript(held, signal, onFill);
      // A script that stayed on the node may have freed it just before.
      await (freed ? waitForBanner(host, port, signal) : checkBanner(host, port, signal));
    });
  } catch (error) {
    if (!freed) return failed;
    logger.warn({ node: name, detail: toText(error) }, 'the listener of the node could not be freed');
    return withFill(failed, freed);
  }
  if (freed)
    logger.warn({ node: name, ...(freed as Freed) }, 'the listener of the node was full, and was freed');
  const latencyMs = performance.now() - startedAtMs;
  return withFill({ ok: true, hostKey: held.hostKey, latencyMs }, freed);
}

function withFill(result: ProbeResult, freed: Freed | null): ProbeResult {
  return freed?.fill ? { ...result, filled: freed.fill } : result;
}

/** Resolves with the script's first answer. While the script stays on the node, its later actions go to `onFill`. */
async function runScript(
  { connection, target }: Held,
  signal: AbortSignal,
  onFill: (fill: ListenerFill) => void,
): Promise<Freed | null> {
  const python = '/usr/bin/python3 -I -';
  connection.allowAnswer();
  const command = target.user === 'root' ? python : `sudo -n ${python}`;
  const channel = await startCommand(connection, command, [signal]);
  let unread = '';
  let isAnswered = false;
  return waitFor<Freed | null>([connection.ended, signal], (resolve) => {
    channel.on('data', (data: Buffer) => {
      const lines = (unread + data.toString('latin1')).split('\n');
      unread = lines.pop()?.slice(-MAX_LINE) ?? '';
      for (const freed of lines.flatMap((line) => parseLine(line) ?? [])) {
        if (isAnswered && freed.fill) onFill(freed.fill);
        isAnswered = true;
        resolve(freed);
      }
      if (lines.some((line) => line.startsWith(NOT_FULL))) resolve(null);
    });
    channel.on('close', () => resolve(null));
    channel.end(FREE_LISTENER_SCRIPT);
  });
}

function parseLine(line: string): Freed | null {
  const numbers = ANSWER.exec(line)?.slice(1).map(Number);
  if (!numbers) return null;
  const [waiting = 0, closed = 0, uid = 0, connections = 0] = numbers;
  const isAccount = uid >= FIRST_UID && uid <= LAST_UID;
  return { waiting, closed, fill: isAccount ? { uid, connections } : null };
}

/** sshd needs a moment to notice that connections have ended. */
async function waitForBanner(host: string, port: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      return await checkBanner(host, port, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      await sleep(RETRY_MS, undefined, { signal });
    }
  }
}
