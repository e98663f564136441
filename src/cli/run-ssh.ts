import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Rental } from '../client/protocol/operations.ts';
import { CliError } from './cli-error.ts';
import type { Io } from './io.ts';
import { findStoredKey } from './key-files.ts';

/** How ssh ended. */
export interface SshEnd {
  code: number;
  /** The machine accepted the login, so 255 can't mean that it refused. */
  wasIn: boolean;
}

/** Runs ssh to the rental's machine. */
export async function runSsh(
  io: Io,
  rental: Rental,
  ownKey: string | null,
  words: string[],
): Promise<SshEnd> {
  const { connection, node } = rental.status;
  if (connection === null) throw new CliError(`rental ${rental.name} has no machine yet`);
  if (connection.hostKey === null) {
    throw new CliError(`the host key of ${node} is not known, so it can't be checked`);
  }
  const folder = mkdtempSync(join(tmpdir(), 'orion-ssh-'));
  try {
    const knownHosts = join(folder, 'known_hosts');
    writeFileSync(knownHosts, `${knownHostsName(connection)} ${connection.hostKey}\n`, { mode: 0o600 });
    const identity = ownKey ?? findStoredKey(io, rental);
    const wasIn = join(folder, 'in');
    const code = await io.runProgram('ssh', sshArguments(connection, { knownHosts, wasIn, identity, words }));
    return { code, wasIn: existsSync(wasIn) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new CliError('ssh is not installed here', { hint: 'on Debian: apt install openssh-client' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Connection = NonNullable<Rental['status']['connection']>;

function knownHostsName({ host, port }: Connection): string {
  return port === 22 ? host : `[${host}]:${port}`;
}

interface SshUse {
  knownHosts: string;
  /** The file that ssh creates once the machine has accepted the login. */
  wasIn: string;
  identity: string | null;
  words: string[];
}

/** Ignores the user's own known hosts: the machine must be the one that Orion knows. */
function sshArguments(connection: Connection, { knownHosts, wasIn, identity, words }: SshUse): string[] {
  const options = [
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile="${knownHosts}"`,
    'GlobalKnownHostsFile=/dev/null',
    'UpdateHostKeys=no',
    'CheckHostIP=no',
    // The exit code does not tell a refused login from a lost session.
    'PermitLocalCommand=yes',
    `LocalCommand=touch '${wasIn.replaceAll('%', '%%')}'`,
    // A session to a machine that died ends rather than hangs.
    'ConnectTimeout=10',
    'ServerAliveInterval=5',
    'ServerAliveCountMax=2',
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
