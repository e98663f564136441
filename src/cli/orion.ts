#!/usr/bin/env node
import { createProcessIo } from './io.ts';
import { run } from './run.ts';
import { tellError } from './tell-error.ts';

const argv = process.argv.slice(2);
const stopped = new AbortController();

// A reader that has seen enough (`orion get rentals | head -1`) is not an error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
}

const io = createProcessIo(stopped.signal);

// The daemon and the lab shut down in their own order and report their own errors.
if (!['serve', 'lab'].includes(argv[0] ?? '')) {
  process.once('SIGINT', () => stopped.abort());
  process.once('SIGTERM', () => stopped.abort());
  // Errors that no command awaits any more. A stack would not help a user of the command line.
  process.once('uncaughtException', (error) => process.exit(tellError(error, io)));
}

const code = await run(argv, io);
// The lab sets the exit code itself.
if (code !== 0) process.exitCode = code;
