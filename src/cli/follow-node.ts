import type { NodeView } from '../core/node-view.ts';
import { CliError, EXIT } from './cli-error.ts';
import type { Context } from './context.ts';
import { printable } from './table.ts';

export function nodePath(name: string): string {
  return `/api/nodes/${encodeURIComponent(name)}`;
}

/** Nothing is placed on it, by a reconciler that knows of the wish. */
export function isEmpty({ generation, status }: NodeView): boolean {
  return status.observedGeneration >= generation && !status.allocated;
}

/** Follows a node until it is as wanted, with a line for each thing that it waits for. */
export async function followNode(
  context: Context,
  name: string,
  options: { isThere: (node: NodeView) => boolean; what: string; timeoutMs: number },
): Promise<void> {
  const { io } = context;
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), options.timeoutMs);
  const signal = AbortSignal.any([io.signal, deadline.signal]);
  let lastLine = '';
  try {
    // What was observed is not an event of its own, so the start of the watch may be a moment behind.
    for (;;) {
      const node = await context.client().get<NodeView>(nodePath(name));
      if (options.isThere(node)) return;
      for await (const change of context.client().watch<NodeView>(nodePath(name), { signal })) {
        const waitsFor = change.status.conditions.find(({ type }) => type === 'Schedulable')?.message ?? '';
        const line = `${name} is ${change.status.state}${waitsFor ? `: ${printable(waitsFor)}` : ''}`;
        if (line !== lastLine) io.err(`${line}\n`);
        lastLine = line;
        if (options.isThere(change)) return;
      }
      if (io.signal.aborted) throw new CliError('interrupted', { exitCode: EXIT.interrupted });
      if (deadline.signal.aborted) {
        const seconds = Math.round(options.timeoutMs / 1_000);
        throw new CliError(`node ${name} is not ${options.what} after ${seconds} s`, {
          exitCode: EXIT.timedOut,
          hint: `it goes on by itself; see: orion describe node ${name}`,
        });
      }
    }
  } finally {
    clearTimeout(timer);
  }
}
