#!/usr/bin/env node
import { createProcessIo } from './io.ts';
import { run } from './run.ts';
import { tellError } from './tell-error.ts';

const argv = process.argv.slice(2);
const stopped = new AbortController();

// A reader that has seen enough (`orion get rentals | head -1`) is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
}

const io = createProcessIo(stopped.signal);

// The daemon and the lab have an order of their own to stop in, and say themselves what went wrong.
if (!['serve', 'lab'].includes(argv[0] ?? '')) {
  process.once('SIGINT', () => stopped.abort());
  process.once('SIGTERM', () => stopped.abort());
  // What no command waits for any more; its stack would help nobody who types commands.
  process.once('uncaughtException', (error) => process.exit(tellError(error, io)));
}

const code = await run(argv, io);
// The lab sets the exit code itself.
if (code !== 0) process.exitCode = code;
