import { setTimeout as sleep } from 'node:timers/promises';
import type { Node } from '../client/protocol/operations.ts';
import type { Context } from './context.ts';
import { startDeadline } from './deadline.ts';
import { loadNode } from './look-up.ts';
import { createProgress } from './progress.ts';
import { type AnyNode, requireAdminView } from './resources.ts';
import { printable } from './table.ts';

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
  const deadline = startDeadline(io, options.timeoutMs);
  const progress = createProgress(io);
  try {
    if (options.isThere(requireAdminView(await loadNode(context, name)))) return;
    for await (const seen of readAgainAndAgain(context, name, deadline.signal)) {
      const node = requireAdminView(seen);
      const waitsFor = node.status.conditions.find(({ type }) => type === 'Schedulable')?.message ?? '';
      progress.step(`${name}: ${node.status.state}${waitsFor ? `: ${printable(waitsFor)}` : ''}`);
      if (options.isThere(node)) return;
    }
    throw deadline.errorFor(
      `node ${name} is not ${options.what}`,
      `the work goes on by itself; see: orion describe node ${name}`,
    );
  } finally {
    progress.end();
    deadline.clear();
  }
}

/**
 * The node after each of its events, and every `READ_AGAIN_MS` as it is: not every change is an event, such as that of
 * the observed generation.
 */
async function* readAgainAndAgain(
  context: Context,
  name: string,
  signal: AbortSignal,
): AsyncGenerator<AnyNode> {
  const left = new AbortController();
  const watch = context
    .client()
    .watch('getNode', { params: { name } }, { signal: AbortSignal.any([signal, left.signal]) });
  try {
    let next = watch.next();
    for (;;) {
      const change = await Promise.race([next, sleep(READ_AGAIN_MS, null, { ref: false })]);
      if (change?.done) return;
      // The watch outlives a daemon that restarts, so a read that fails meanwhile is no reason to give up.
      const node = change?.value ?? (await loadNode(context, name, signal).catch(() => null));
      if (node !== null) yield node;
      if (change !== null) next = watch.next();
    }
  } finally {
    left.abort();
  }
}
