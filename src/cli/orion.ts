#!/usr/bin/env node
import { createProcessIo } from './io.ts';
import { run } from './run.ts';

const argv = process.argv.slice(2);
const stopped = new AbortController();

// A reader that has seen enough (`orion get rentals | head -1`) is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
}

// The daemon and the lab have an order of their own to stop in, and `ssh` has the terminal's.
if (!['serve', 'lab', 'ssh'].includes(argv[0] ?? '')) {
  process.once('SIGINT', () => stopped.abort());
  process.once('SIGTERM', () => stopped.abort());
}

const code = await run(argv, createProcessIo(stopped.signal));
// The lab sets the exit code itself.
if (code !== 0) process.exitCode = code;
