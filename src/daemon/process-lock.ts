import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:net';

/**
 * Allows one process at a time per name. The lock is a socket with an abstract name. The kernel gives it to only
 * one process of a network namespace and takes it back when that process ends in any way, so no stale lock is
 * ever left. Null: another process has it.
 */
export async function takeLock(name: string): Promise<(() => Promise<void>) | null> {
  const address = `\0orion-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
  const server: Server = createServer((socket) => socket.destroy());
  const taken = await new Promise<boolean>((done, fail) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? done(false) : fail(error),
    );
    server.listen(address, () => done(true));
  });
  if (!taken) return null;
  server.unref();
  return () => new Promise((done) => server.close(() => done()));
}
