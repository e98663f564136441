import type { Node } from '../client/protocol/operations.ts';
import type { Context } from './context.ts';
import { startDeadline } from './deadline.ts';
import { loadNode } from './look-up.ts';
import { createProgress } from './progress.ts';
import { requireAdminView } from './resources.ts';
import { printable } from './table.ts';

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
  const { signal } = deadline;
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
      if (signal.aborted) {
        throw deadline.errorFor(
          `node ${name} is not ${options.what}`,
          `the work goes on by itself; see: orion describe node ${name}`,
        );
      }
    }
  } finally {
    progress.end();
    deadline.clear();
  }
}
