import type { Node } from '../client/protocol/operations.ts';
import { CliError, EXIT } from './cli-error.ts';
import type { Context } from './context.ts';
import { loadNode } from './look-up.ts';
import { createProgress } from './progress.ts';
import { requireAdminView } from './resources.ts';
import { printable } from './table.ts';

/** Node's timers overflow beyond it. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

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
  const signal = AbortSignal.any([io.signal, deadline.signal]);
  const input = { params: { name } };
  const progress = createProgress(io);
  try {
    // A change of what was observed makes no event of its own, so the start of the watch may lag by a moment.
    for (;;) {
      const node = requireAdminView(await loadNode(context, name));
      if (options.isThere(node)) return;
      for await (const seen of context.client().watch('getNode', input, { signal })) {
        const change = requireAdminView(seen);
        const waitsFor = change.status.conditions.find(({ type }) => type === 'Schedulable')?.message ?? '';
        const line = `${name}: ${change.status.state}${waitsFor ? `: ${printable(waitsFor)}` : ''}`;
        progress.step(line);
        if (options.isThere(change)) return;
      }
      if (io.signal.aborted) throw new CliError('interrupted', { exitCode: EXIT.interrupted });
      if (deadline.signal.aborted) {
        const seconds = Math.round(options.timeoutMs / 1_000);
        throw new CliError(`node ${name} is not ${options.what} after ${seconds} s`, {
          exitCode: EXIT.timedOut,
          hint: `the work goes on by itself; see: orion describe node ${name}`,
        });
      }
    }
  } finally {
    progress.end();
    clearTimeout(timer);
  }
}
