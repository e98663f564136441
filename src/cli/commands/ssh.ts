import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { NoAnswerError } from '../../client/protocol/errors.ts';
import type { Rental } from '../../client/protocol/operations.ts';
import { durationMs, objectName } from '../arguments.ts';
import { CliError } from '../cli-error.ts';
import type { Context } from '../context.ts';
import { ENDED } from '../follow.ts';
import { followToAnswering } from '../follow-to-answering.ts';
import { withHelp } from '../help.ts';
import type { Io } from '../io.ts';
import { servingOf, tellSinceLastLogin } from '../last-login.ts';
import { loadRental } from '../look-up.ts';
import { reachesSsh } from '../reach-ssh.ts';
import { messageOf, reasonOf } from '../resources.ts';
import { runSsh } from '../run-ssh.ts';
import { printable } from '../table.ts';

interface SshOptions {
  identity?: string;
  timeout?: number;
  reconnect?: boolean;
}

/** The exit code of ssh itself when it could not connect or lost the connection. */
const CONNECTION_FAILED = 255;
const READY_WITHIN_MS = 60_000;
/** A verdict and a move take no longer when there is a machine to move to. */
const RECONNECT_WITHIN_MS = 600_000;
/** Two shorter sessions in a row on an unchanged machine: the account itself ends them, and would end the next. */
const SHORT_MS = 10_000;
const LOOK_WITHIN_MS = 5_000;
const AGAIN_MS = 1_000;
/** How long Orion needs to notice that a machine is gone. */
const SETTLE_MS = 1_500;

export function registerSsh(program: Command, context: Context): void {
  const command = program
    .command('ssh')
    .description('log in to a rental, on whatever machine it is now, and verify the machine')
    .argument('<rental>', 'name or id of a rental', objectName('rental'))
    .argument('[command...]', 'command to run instead of a shell, after --')
    .option('-i, --identity <key>', 'your private key; by default the one that orion rent kept')
    .addOption(
      new Option(
        '--timeout <duration>',
        'how long to wait for a rental that is not ready (by default 60s; 10m after a lost connection)',
      ).argParser(durationMs),
    )
    .option(
      '--reconnect',
      'open another shell when the connection is lost: the default for a shell on a terminal',
    )
    .option('--no-reconnect', 'end with 255 instead')
    .action((name: string, words: string[], options: SshOptions) => logIn(context, name, words, options));
  command.showHelpAfterError('(put the command after --, as in  orion ssh mine -- ls -l)');
  withHelp(command, {
    about:
      "The machine's host key is checked against the one that Orion knows; your own known hosts are ignored. It " +
      'waits for a rental that is being made or moved, or whose machine does not answer. When the connection of a ' +
      'shell on a terminal is lost, it waits the same way and opens a shell where the rental is then. What ran is gone; ' +
      'a command is never run a second time.',
    examples: [
      ['orion ssh mine', 'a shell'],
      ['orion ssh mine -- uname -a', 'one command'],
      ['tar c . | orion ssh mine -- tar x', 'with input for it'],
      ['orion ssh mine -i ~/.ssh/id_ed25519', 'with a key of your own'],
      ['orion ssh mine --no-reconnect', 'a shell that ends with its connection'],
    ],
    failed: 'failed, or the rental has ended',
    timedOut: 'the machine was not ready in time',
    otherCodes: 'Otherwise the exit code of what ran there; 255 when the connection was lost.',
  });
}

async function logIn(context: Context, name: string, words: string[], options: SshOptions): Promise<void> {
  const { io } = context;
  const isShell = words.length === 0;
  const reconnects = isShell && (options.reconnect ?? (io.input.isTerminal && io.terminal('err') !== null));
  let rental = await findReady(context, name, options.timeout ?? READY_WITHIN_MS);
  let wasShort = false;
  for (;;) {
    const news = tellSinceLastLogin(io, rental);
    if (news !== null) io.err(`${printable(news)}\n`);
    const startedAt = performance.now();
    const { code, wasIn } = await runSsh(io, rental, options.identity ?? null, words);
    context.exitWith(code);
    if (code !== CONNECTION_FAILED || io.signal.aborted) return;
    if (!reconnects) return tellCutOff(io, await look(context, rental), rental, isShell);
    const isShort = performance.now() - startedAt < SHORT_MS;
    await sleep(SETTLE_MS, undefined, { signal: io.signal }).catch(() => undefined);
    const { isAsBefore } = await look(context, rental);
    if (isAsBefore && (!wasIn || (isShort && wasShort))) return;
    wasShort = isAsBefore && isShort;
    io.err(`the connection to ${rental.status.node} was lost; waiting for ${name} (Ctrl-C stops that)\n`);
    const next = await waitForNext(context, rental, options.timeout ?? RECONNECT_WITHIN_MS);
    if (next === null) return;
    io.err(`logging in to ${next.status.node}\n`);
    rental = next;
  }
}

/** What is known of a rental whose session broke off. */
interface Aftermath {
  /** Null: Orion does not answer. */
  now: Rental | null;
  /** It is Active on the same machine, which has not been restarted as far as is known. */
  isSame: boolean;
  /** And that machine answers. */
  isAsBefore: boolean;
}

async function look({ io, client }: Context, rental: Rental): Promise<Aftermath> {
  const call = client().call('getRental', { params: { id: rental.id } }, { timeoutMs: LOOK_WITHIN_MS });
  const now = await call.catch(() => null);
  const isSame = now?.status.phase === 'Active' && describeMachine(now) === describeMachine(rental);
  const connection = isSame ? now.status.connection : null;
  return {
    now,
    isSame,
    isAsBefore: connection !== null && (await reachesSsh(connection, LOOK_WITHIN_MS, io.signal)),
  };
}

/** Identifies the machine to its client: after a move or a restart, nothing of what ran there is left. */
function describeMachine(rental: Rental): string {
  return `${rental.status.node} ${servingOf(rental)?.epoch} ${rental.status.restart?.at}`;
}

/** Waits until a shell can be opened again and returns the rental. Null: it is over, which was reported. */
async function waitForNext(context: Context, { id }: Rental, timeoutMs: number): Promise<Rental | null> {
  const { io, client } = context;
  const endsAt = performance.now() + timeoutMs;
  for (;;) {
    const leftMs = Math.max(0, endsAt - performance.now());
    try {
      const now = await client().call('getRental', { params: { id } }, { timeoutMs: LOOK_WITHIN_MS });
      if (!isOver(now)) return await followToAnswering(context, now, leftMs);
      tellEnd(io, now);
      return null;
    } catch (error) {
      // Orion itself may be away for a moment, just as its machine may be.
      if (io.signal.aborted || leftMs === 0 || !(error instanceof NoAnswerError)) throw error;
      await sleep(AGAIN_MS, undefined, { signal: io.signal }).catch(() => undefined);
    }
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

/** No machine will ever come back for it. */
function isOver({ status }: Rental): boolean {
  return ENDED.includes(status.phase) || status.phase === 'Releasing';
}

function whyOver(rental: Rental): string {
  if (reasonOf(rental) === 'Expired') return 'its lease is over';
  return rental.status.phase === 'Failed' ? messageOf(rental) : 'it was released';
}

/**
 * Reports a session that is not resumed. What a command did until then is unknown here, and it is never run again.
 * If the machine is unchanged, 255 may be the command's own exit code.
 */
function tellCutOff(
  io: Io,
  { now, isSame, isAsBefore }: Aftermath,
  { name, status }: Rental,
  isShell: boolean,
): void {
  if (!isShell) {
    const lost = `the connection to ${status.node} was lost`;
    const why = isAsBefore
      ? `255: ${lost}, or it is the command's own exit code`
      : `${lost} while the command ran`;
    io.err(`${why}; it is not run again\n`);
  }
  if (now === null || isAsBefore) return;
  if (isOver(now)) tellEnd(io, now);
  else if (isSame)
    io.err(`${status.node} does not answer; orion ssh ${name}  waits until it does, or ${name} is moved\n`);
  else if (now.status.phase !== 'Active')
    io.err(`${name} is ${now.status.phase}; orion ssh ${name}  waits until it is ready\n`);
  else if (now.status.node !== status.node)
    io.err(`${name} is on ${now.status.node} now; log in there with  orion ssh ${name}\n`);
  else
    io.err(
      `${now.status.node} was restarted: what ran there is gone; log in again with  orion ssh ${name}\n`,
    );
}

function tellEnd(io: Io, now: Rental): void {
  const { id, name, status } = now;
  io.err(`${name} is ${status.phase}: ${whyOver(now)}; what became of it: orion describe rental ${id}\n`);
}
