import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import type { Rental } from '../../client/operations.ts';
import { durationMs } from '../arguments.ts';
import { CliError } from '../cli-error.ts';
import type { Context } from '../context.ts';
import { ENDED, followRental } from '../follow.ts';
import { findStoredKey } from '../key-files.ts';

interface SshOptions {
  identity?: string;
  timeout: number;
}

export function registerSsh(program: Command, context: Context): void {
  program
    .command('ssh')
    .description('log in to a rental, on whatever machine it is now, and check that it is that machine')
    .argument('<name>', 'name or id of a rental')
    .argument('[command...]', 'what to run there instead of a shell, after --')
    .option('-i, --identity <key>', 'your private key; the one that was kept at renting when left out')
    .addOption(
      new Option('--timeout <duration>', 'how long to wait for a rental that is on its way')
        .argParser(durationMs)
        .default(60_000, '60s'),
    )
    .action((name: string, words: string[], options: SshOptions) => logIn(context, name, words, options));
}

async function logIn(context: Context, name: string, words: string[], options: SshOptions): Promise<void> {
  const { io } = context;
  const rental = await findReady(context, name, options.timeout);
  const { connection } = rental.status;
  if (connection === null) throw new CliError(`rental ${name} has no machine yet`);
  if (connection.hostKey === null) {
    throw new CliError(`the host key of ${rental.status.node} is not known, so it can't be checked`);
  }
  const folder = mkdtempSync(join(tmpdir(), 'orion-ssh-'));
  try {
    const knownHosts = join(folder, 'known_hosts');
    writeFileSync(knownHosts, `${knownHostsName(connection)} ${connection.hostKey}\n`, { mode: 0o600 });
    const identity = options.identity ?? findStoredKey(io, rental.id);
    context.exitWith(await io.runProgram('ssh', sshArguments(connection, knownHosts, identity, words)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new CliError('ssh is not installed here', { hint: 'on Debian: apt install openssh-client' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Connection = NonNullable<Rental['status']['connection']>;

/** A rental whose machine died is on its way to another one: no use to knock at the old one. */
async function findReady(context: Context, name: string, timeoutMs: number): Promise<Rental> {
  const rental = await context.client().call('getRental', { params: { id: name } });
  if (ENDED.includes(rental.status.phase) || rental.status.phase === 'Releasing') {
    throw new CliError(`rental ${name} is ${rental.status.phase}`);
  }
  const isThere = ({ status }: Rental) => status.phase === 'Active' && status.connection !== null;
  if (isThere(rental)) return rental;
  return followRental(context, rental.id, { isThere, what: 'Active', timeoutMs });
}

function knownHostsName({ host, port }: Connection): string {
  return port === 22 ? host : `[${host}]:${port}`;
}

/** Nothing of the user's own known hosts counts, and the machine must be the one that Orion knows. */
function sshArguments(
  connection: Connection,
  knownHosts: string,
  identity: string | null,
  words: string[],
): string[] {
  const options = [
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile="${knownHosts}"`,
    'GlobalKnownHostsFile=/dev/null',
    'UpdateHostKeys=no',
    'CheckHostIP=no',
    ...(identity === null ? [] : ['IdentitiesOnly=yes']),
  ];
  return [
    '-p',
    String(connection.port),
    ...options.flatMap((option) => ['-o', option]),
    ...(identity === null ? [] : ['-i', identity]),
    // After `--` and the destination, ssh takes no more options: the words are the user's command.
    '--',
    `${connection.user}@${connection.host}`,
    ...words,
  ];
}
