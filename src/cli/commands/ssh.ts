import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import type { Rental } from '../../client/operations.ts';
import { durationMs, objectName } from '../arguments.ts';
import { CliError } from '../cli-error.ts';
import type { Context } from '../context.ts';
import { ENDED } from '../follow.ts';
import { followToAnswering } from '../follow-to-answering.ts';
import { withHelp } from '../help.ts';
import { findStoredKey } from '../key-files.ts';
import { loadRental } from '../look-up.ts';
import { messageOf, reasonOf } from '../resources.ts';

interface SshOptions {
  identity?: string;
  timeout: number;
}

/** What ssh itself exits with when it could not connect, or lost the connection. */
const CONNECTION_FAILED = 255;

export function registerSsh(program: Command, context: Context): void {
  const command = program
    .command('ssh')
    .description('log in to a rental, on whatever machine it is now, and check that it is that machine')
    .argument('<rental>', 'name or id of a rental', objectName('rental'))
    .argument('[command...]', 'what to run there instead of a shell, after --')
    .option('-i, --identity <key>', 'your private key; the one that was kept at renting when left out')
    .addOption(
      new Option('--timeout <duration>', 'how long to wait for a rental that is on its way')
        .argParser(durationMs)
        .default(60_000, '60s'),
    )
    .action((name: string, words: string[], options: SshOptions) => logIn(context, name, words, options));
  command.showHelpAfterError('(what runs there stands behind --, as in  orion ssh mine -- ls -l)');
  withHelp(command, {
    about:
      "The machine's host key is checked against the one that Orion knows; your own known hosts don't count. A " +
      'rental that is being made or moved, or whose machine does not answer, is waited for.',
    examples: [
      ['orion ssh mine', 'a shell'],
      ['orion ssh mine -- uname -a', 'one command'],
      ['tar c . | orion ssh mine -- tar x', 'with something for it to read'],
      ['orion ssh mine -i ~/.ssh/id_ed25519', 'with a key of your own'],
    ],
    failed: 'failed, or the rental has ended',
    timedOut: 'the machine was not ready in time',
    otherCodes: 'What ran there gives its own exit code; 255 when the connection was lost.',
  });
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
    const identity = options.identity ?? findStoredKey(io, rental);
    const code = await io.runProgram('ssh', sshArguments(connection, knownHosts, identity, words));
    context.exitWith(code);
    if (code === CONNECTION_FAILED) await tellWhereItIs(context, rental);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new CliError('ssh is not installed here', { hint: 'on Debian: apt install openssh-client' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function findReady(context: Context, name: string, timeoutMs: number): Promise<Rental> {
  const rental = await loadRental(context, name);
  if (isOver(rental)) {
    throw new CliError(`rental ${name} is ${rental.status.phase}: ${whyOver(rental)}`, {
      hint: `what became of it: orion describe rental ${rental.id}`,
    });
  }
  return followToAnswering(context, rental, timeoutMs);
}

/** No machine comes back for it, however long one waits. */
function isOver({ status }: Rental): boolean {
  return ENDED.includes(status.phase) || status.phase === 'Releasing';
}

function whyOver(rental: Rental): string {
  if (reasonOf(rental) === 'Expired') return 'its lease is over';
  return rental.status.phase === 'Failed' ? messageOf(rental) : 'it was released';
}

const LOOK_WITHIN_MS = 5_000;

/** A session that broke off, perhaps because its machine died: where to go on. */
async function tellWhereItIs({ io, client }: Context, { id, name, status }: Rental): Promise<void> {
  const call = client().call('getRental', { params: { id } }, { timeoutMs: LOOK_WITHIN_MS });
  const now = await call.catch(() => null);
  if (now === null) return;
  const { phase, node } = now.status;
  if (phase === 'Active' && node !== status.node) {
    io.err(`${name} is on ${node} now; log in there with  orion ssh ${name}\n`);
  } else if (isOver(now)) {
    io.err(`${name} is ${phase}: ${whyOver(now)}; what became of it: orion describe rental ${id}\n`);
  } else if (phase !== 'Active') io.err(`${name} is ${phase}; orion ssh ${name}  waits until it is ready\n`);
}

type Connection = NonNullable<Rental['status']['connection']>;

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
    // A session to a machine that died ends, rather than hangs.
    'ServerAliveInterval=10',
    'ServerAliveCountMax=3',
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
