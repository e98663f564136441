import { rename, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';

/** On which side of a COMMIT a daemon dies. */
export type Moment = 'before the database has it' | 'when it is done and nobody was told';

export interface CommitRelay {
  /**
   * Strikes once, at the save with this number from now on, counted from 1. With `writes`, only saves with such a
   * statement count.
   */
  arm(at: number, moment: Moment, strike: () => void, writes?: RegExp): void;
  /** True when it struck. */
  disarm(): boolean;
  close(): Promise<void>;
}

const COM_QUERY = 3;
const HEADER_BYTES = 4;
/** Tells a save from a renewal of the leadership, which may come at any time. */
const WRITES = /^(insert into|update|delete from) `?(nodes|rentals|placements|events)\b/i;

/**
 * Takes the place of the database's socket, so that every new connection comes through here. The driver sends a
 * statement as one packet and waits for its answer, so a COMMIT arrives alone.
 */
export async function startCommitRelay(socketPath: string): Promise<CommitRelay> {
  const behind = `${socketPath}.behind`;
  await rename(socketPath, behind);
  let trap: { at: number; moment: Moment; strike: () => void; writes: RegExp } | null = null;
  let seen = 0;
  const open = new Set<Socket>();

  const server = createServer((client) => {
    const database = connect(behind);
    let hasWritten = false;
    const end = () => {
      client.destroy();
      database.destroy();
    };
    for (const socket of [client, database]) {
      open.add(socket);
      socket.on('error', end).on('close', () => {
        open.delete(socket);
        end();
      });
    }
    const strike = () => {
      trap?.strike();
      trap = null;
      end();
    };
    const pass = (chunk: Buffer) => void client.write(chunk);
    database.on('data', pass);
    client.on('data', (chunk) => {
      const statement =
        chunk[HEADER_BYTES] === COM_QUERY ? chunk.toString('latin1', HEADER_BYTES + 1, 100) : '';
      if ((trap?.writes ?? WRITES).test(statement)) hasWritten = true;
      const isSave = hasWritten && statement === 'COMMIT';
      if (/^(COMMIT|ROLLBACK)/.test(statement)) hasWritten = false;
      if (isSave && trap !== null && ++seen === trap.at) {
        if (trap.moment === 'before the database has it') return strike();
        database.off('data', pass).once('data', strike);
      }
      database.write(chunk);
    });
  });
  await new Promise<void>((done, fail) => server.once('error', fail).listen(socketPath, done));
  return {
    arm: (at, moment, strike, writes = WRITES) => {
      trap = { at, moment, strike, writes };
      seen = 0;
    },
    disarm: () => {
      const hasStruck = trap === null;
      trap = null;
      return hasStruck;
    },
    close: async () => {
      const closed = new Promise((done) => server.close(done));
      for (const socket of open) socket.destroy();
      await closed;
      await rm(socketPath, { force: true });
      await rename(behind, socketPath).catch(() => undefined);
    },
  };
}
