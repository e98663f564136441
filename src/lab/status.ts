import { execa } from 'execa';
import { isRunning } from './processes.ts';
import { readRecord } from './records.ts';
import { LabError } from './settings.ts';
import { type LabState, readState } from './state.ts';

export interface LabStatus {
  database: { name: string; pid: number | null; socket: string }[];
  daemons: { name: string; pid: number | null; leader: boolean }[];
  workers: { name: string; port: number; running: boolean }[];
  proxy: { pid: number | null; url: string };
}

/** Which parts of the lab run right now, judged by the processes themselves. */
export async function readStatus(home: string): Promise<LabStatus> {
  const state = await requireState(home);
  const pidOf = async (name: string) => {
    const record = await readRecord(home, name);
    return record !== null && (await isRunning(record)) ? record.pid : null;
  };
  const leader = await findLeader(state);
  return {
    database: [{ name: 'database', pid: await pidOf('database'), socket: state.databaseSocket }],
    daemons: await Promise.all(
      state.daemons.map(async (name) => ({ name, pid: await pidOf(name), leader: leader === name })),
    ),
    workers: await Promise.all(
      state.workers.map(async ({ name, port }) => ({
        name,
        port,
        running: (await pidOf(`worker-${name}`)) !== null,
      })),
    ),
    proxy: { pid: await pidOf('proxy'), url: state.url },
  };
}

export async function requireState(home: string): Promise<LabState> {
  const state = await readState(home);
  if (state === null) throw new LabError(`No lab is up in ${home}; start one with: npm start`);
  return state;
}

/** The daemon that holds the leadership, by the database's own clock; null also when the database is away. */
async function findLeader(state: LabState): Promise<string | null> {
  const sql = "SELECT holder FROM leases WHERE name = 'leader' AND expires_at > UTC_TIMESTAMP(3)";
  const args = ['--no-defaults', `--socket=${state.databaseSocket}`, '-uroot', '-BN', 'orion', `-e${sql}`];
  const result = await execa('mariadb', args, { reject: false, timeout: 5_000, input: '' });
  const holder = result.exitCode === 0 ? result.stdout.trim() : '';
  // A holder is the daemon's name, followed by what tells its starts apart.
  return (
    state.daemons.find(
      (name) => holder === name || holder.startsWith(`${name}:`) || holder.startsWith(`${name}/`),
    ) ?? null
  );
}
