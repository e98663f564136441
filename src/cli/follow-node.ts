import type { Node } from '../client/operations.ts';
import { CliError, EXIT } from './cli-error.ts';
import type { Context } from './context.ts';
import { requireAdminView } from './resources.ts';
import { printable } from './table.ts';

/** Nothing is placed on it, by a reconciler that knows of the wish. */
export function isEmpty({ generation, status }: Node): boolean {
  return status.observedGeneration >= generation && !status.allocated;
}

/** Follows a node until it is as wanted, with a line for each thing that it waits for. */
export async function followNode(
  context: Context,
  name: string,
  options: { isThere: (node: Node) => boolean; what: string; timeoutMs: number },
): Promise<void> {
  const { io } = context;
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), options.timeoutMs);
  const signal = AbortSignal.any([io.signal, deadline.signal]);
  const input = { params: { name } };
  let lastLine = '';
  try {
    // What was observed is not an event of its own, so the start of the watch may be a moment behind.
    for (;;) {
      const node = requireAdminView(await context.client().call('getNode', input));
      if (options.isThere(node)) return;
      for await (const seen of context.client().watch('getNode', input, { signal })) {
        const change = requireAdminView(seen);
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
