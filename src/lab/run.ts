import { relative } from 'node:path';
import type { Lab } from './lab.ts';
import type { Environment } from './settings.ts';
import { LabError } from './settings.ts';
import { startLab } from './up.ts';

/** Runs the lab in the foreground of a terminal, until a signal ends it. Resolves with the exit code. */
export async function runLab(env: Environment): Promise<number> {
  const stopping = new AbortController();
  // A second Ctrl-C, or the copy that npm passes on, changes nothing: the lab is already stopping.
  const onSignal = () => stopping.abort();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  // When the terminal is gone, nobody reads the output, and there is no reason to leave everything running.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', onSignal);
  const say = (line: string) => void process.stdout.write(`${line}\n`);

  let lab: Lab | null = null;
  try {
    lab = await startLab({ env, say, signal: stopping.signal });
    greet(lab, say);
    // Nothing else keeps the event loop alive while everything runs as it should.
    const alive = setInterval(() => undefined, 60_000);
    if (!stopping.signal.aborted) {
      await new Promise<void>((done) =>
        stopping.signal.addEventListener('abort', () => done(), { once: true }),
      );
    }
    clearInterval(alive);
    say('Stopping');
    await lab.stop();
    say('Everything is stopped');
    return 0;
  } catch (error) {
    if (stopping.signal.aborted && lab === null) {
      say('Stopped before it was ready');
      return 130;
    }
    const message = error instanceof LabError ? error.message : `The lab failed: ${(error as Error).message}`;
    process.stderr.write(`${message}\n`);
    return 1;
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}

function greet(lab: Lab, say: (line: string) => void): void {
  const file = `${lab.settings.home}/lab.env`;
  const shown = relative(process.cwd(), file);
  const path = shown.startsWith('..') ? file : shown;
  say('');
  say(`Orion is ready  ${lab.url}`);
  say('');
  say('In another terminal, in this folder:');
  say(`  . ${path.includes(' ') ? `'${path}'` : path}`);
  say('  ./bin/orion rent --name demo      # a machine of your own');
  say('  ./bin/orion ssh demo              # log in');
  say(`  ./bin/orion lab stop ${lab.settings.nodes[0]?.name ?? 'NODE'}     # pull a plug, and log in again`);
  say('');
  say('Ctrl-C stops everything.');
}
