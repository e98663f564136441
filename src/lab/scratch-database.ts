import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startDatabase } from './database.ts';

export interface ScratchServer {
  pid: number;
  /** Creates a new, empty database and returns its URL. */
  createDatabase(): Promise<string>;
  stop(): Promise<void>;
}

/** A server for one test file, with an empty database for each test. Nothing of it is left after `stop`. */
export async function startScratchServer(): Promise<ScratchServer> {
  const home = await mkdtemp(join(tmpdir(), 'orion-scratch-'));
  const server = await startDatabase({ home }).catch(async (error: unknown) => {
    await rm(home, { recursive: true, force: true });
    throw error;
  });
  let count = 0;
  return {
    pid: server.pid,
    async createDatabase() {
      const name = `scratch_${++count}`;
      const statement = `CREATE DATABASE ${name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`;
      await promisify(execFile)('mariadb', [
        '--no-defaults',
        `--socket=${server.socketPath}`,
        `--execute=${statement}`,
      ]);
      return server.url.replace('/orion?', `/${name}?`);
    },
    async stop() {
      await server.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}
