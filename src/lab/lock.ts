import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:net';

/**
 * One lab per ORION_HOME. The lock is a socket with an abstract name: the kernel gives it to one process only and
 * takes it back when that one ends, however it ends, so that no stale lock is ever left. Null: another has it.
 */
export async function takeLock(home: string): Promise<(() => Promise<void>) | null> {
  const name = `\0orion-lab-${createHash('sha256').update(home).digest('hex').slice(0, 32)}`;
  const server: Server = createServer((socket) => socket.destroy());
  const taken = await new Promise<boolean>((done, fail) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? done(false) : fail(error),
    );
    server.listen(name, () => done(true));
  });
  if (!taken) return null;
  server.unref();
  return () => new Promise((done) => server.close(() => done()));
}
