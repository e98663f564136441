import { setTimeout as sleep } from 'node:timers/promises';
import type { Node } from '../client/operations.ts';
import { CliError, EXIT } from './cli-error.ts';
import type { Context } from './context.ts';
import { loadNode } from './look-up.ts';
import { createProgress } from './progress.ts';
import { type AnyNode, requireAdminView } from './resources.ts';
import { printable } from './table.ts';

/** Node's timers overflow beyond it. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** How often the node is read besides being watched. */
const READ_AGAIN_MS = 2_000;

/** Nothing is placed on it, and the reconciler has observed the request. */
export function isEmpty({ generation, status }: Node): boolean {
  return status.observedGeneration >= generation && !status.allocated;
}

/** Follows a node until it is as wanted. Prints a line for each thing that it waits for. */
export async function followNode(
  context: Context,
  name: string,
  options: { isThere: (node: Node) => boolean; what: string; timeoutMs: number },
): Promise<void> {
  const { io } = context;
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), Math.min(options.timeoutMs, LONGEST_TIMER_MS));
  const progress = createProgress(io);
  try {
    if (options.isThere(requireAdminView(await loadNode(context, name)))) return;
    const signal = AbortSignal.any([io.signal, deadline.signal]);
    for await (const seen of readAgainAndAgain(context, name, signal)) {
      const node = requireAdminView(seen);
      const waitsFor = node.status.conditions.find(({ type }) => type === 'Schedulable')?.message ?? '';
      progress.step(`${name}: ${node.status.state}${waitsFor ? `: ${printable(waitsFor)}` : ''}`);
      if (options.isThere(node)) return;
    }
  } finally {
    progress.end();
    clearTimeout(timer);
    deadline.abort();
  }
  if (io.signal.aborted) throw new CliError('interrupted', { exitCode: EXIT.interrupted });
  const seconds = Math.round(options.timeoutMs / 1_000);
  throw new CliError(`node ${name} is not ${options.what} after ${seconds} s`, {
    exitCode: EXIT.timedOut,
    hint: `the work goes on by itself; see: orion describe node ${name}`,
  });
}

/**
 * The node after each of its events, and every `READ_AGAIN_MS` as it is: not every change is an event, such as that of
 * the observed generation. Only `signal` ends it.
 */
async function* readAgainAndAgain(
  context: Context,
  name: string,
  signal: AbortSignal,
): AsyncGenerator<AnyNode> {
  const watch = context.client().watch('getNode', { params: { name } }, { signal });
  let next = watch.next();
  for (;;) {
    const change = await Promise.race([next, sleep(READ_AGAIN_MS, null, { ref: false })]);
    if (change?.done) return;
    // The watch outlives a daemon that restarts, so a read that fails meanwhile is no reason to give up.
    const node = change?.value ?? (await loadNode(context, name).catch(() => null));
    if (node !== null) yield node;
    if (change !== null) next = watch.next();
  }
}
