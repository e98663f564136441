import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import type { Input } from '../../client/client.ts';
import { ApiError, NoAnswerError } from '../../client/protocol/errors.ts';
import type { Rental } from '../../client/protocol/operations.ts';
import { formatDuration } from '../../core/text/duration.ts';
import { createKeyPair } from '../../secrets/key-pair.ts';
import { durationMs, durationText, labelPair } from '../arguments.ts';
import { CliError, EXIT } from '../cli-error.ts';
import type { Context } from '../context.ts';
import { describeStep, followRental, isReady } from '../follow.ts';
import { withHelp } from '../help.ts';
import { claimNewKey, forgetNewKey, keepNewKey, linkKey, readOwnKey } from '../key-files.ts';
import { type Format, printData, withOutput } from '../output.ts';
import { createProgress, type Progress } from '../progress.ts';

interface RentOptions {
  key?: string;
  name?: string;
  label?: Record<string, string>;
  zone?: string;
  ttl?: string;
  webhook?: string;
  queue?: boolean;
  wait: number;
  output?: Format;
}

/**
 * How long the API may take to answer with the result. What takes longer is followed step by step. Long enough for
 * the answer that no machine is free, in which case the request is not kept.
 */
const FIRST_WAIT_MS = 400;
const ANSWER_WITHIN_MS = 30_000;
const ASK_AGAIN_MS = 1_000;

export function registerRent(program: Command, context: Context): void {
  const command = withOutput(
    program
      .command('rent')
      .description('rent a machine and print how to log in')
      .option('--key <file>', 'your SSH key, either half; by default a new pair is made and kept for you')
      .option('--name <name>', 'name of the rental; made up when left out')
      .option('--label <key=value>', 'only a machine with this label (repeatable)', labelPair)
      .option('--zone <zone>', 'only a machine in this zone')
      .option('--ttl <duration>', 'how long to rent it, such as 6h', durationText)
      .option('--webhook <url>', 'URL to notify, such as when it is moved (see orion webhook)')
      .option('--queue', 'wait in the queue when no machine is free')
      .addOption(
        new Option('--wait <duration>', 'how long to wait until it is ready; 0s: not at all')
          .argParser(durationMs)
          .default(60_000, '60s'),
      ),
    ['json', 'yaml', 'name'],
  ).action((options: RentOptions) => rent(context, options));
  withHelp(command, {
    about:
      'Progress goes to stderr, the ssh command alone to stdout. Ctrl-C ends the waiting, not the rental. A key ' +
      'that is made for you is kept in ~/.local/state/orion/keys until the rental is released.',
    examples: [
      ['orion rent', 'any machine, now'],
      ['orion rent --name build --label size=small --ttl 2h', 'a small one for two hours'],
      ['orion rent --queue --wait 30m', 'when all are taken, wait for the next'],
      ['orion rent --key ~/.ssh/id_ed25519.pub', 'with a key of your own'],
      ['orion rent -o json', 'everything about it, for a program'],
    ],
    failed: 'failed, or no machine is free (with --queue: none can ever match)',
    timedOut: 'not ready in time; the rental stays, and may still become ready',
    otherCodes: '130  ended with Ctrl-C; the rental stays',
  });
}

async function rent(context: Context, options: RentOptions): Promise<void> {
  const { io } = context;
  const ownKey = options.key === undefined ? null : readOwnKey(options.key);
  const startedAt = performance.now();
  const progress = createProgress(io);
  progress.step('requesting a machine');
  const sshPublicKey = ownKey?.publicKey ?? makeKey(context);
  let rental: Rental = await ask(context, options, sshPublicKey, progress).finally(() => progress.end());
  if (typeof rental.id !== 'string') throw new CliError('the answer is not a rental: is ORION_URL right?');
  const keyPath =
    ownKey === null
      ? claimNewKey(io, { id: rental.id, spec: { sshPublicKey } })
      : ownKey.privatePath && linkKey(io, rental.id, ownKey.privatePath);
  if (!isReady(rental) && options.wait > 0) {
    progress.step(describeStep(rental, io.now()));
    const leftMs = Math.max(0, options.wait - (performance.now() - startedAt));
    rental = await followToReady(context, rental, leftMs, progress);
  }
  tellStatus(context, rental, performance.now() - startedAt);
  if (options.output === 'name') return io.out(`rental/${rental.name}\n`);
  if (printData(io, options.output, { ...rental, privateKeyPath: keyPath })) return;
  printLogin(context, rental, keyPath);
}

function makeKey({ io }: Context): string {
  const pair = createKeyPair('orion');
  keepNewKey(io, pair);
  return pair.publicKey;
}

/** Repeats the request under the same key while its outcome is unknown, so at most one machine is rented. */
async function ask(
  context: Context,
  options: RentOptions,
  sshPublicKey: string,
  progress: Progress,
): Promise<Rental> {
  const { io } = context;
  const giveUpAt = performance.now() + options.wait;
  const input = requestOf(options, sshPublicKey);
  const timeoutMs = FIRST_WAIT_MS + ANSWER_WITHIN_MS;
  /** A machine may have been rented without an answer. */
  let isUnknown = false;
  for (;;) {
    try {
      return await context.client().call('rent', input, { timeoutMs });
    } catch (error) {
      isUnknown ||= !isRefusal(error);
      if (!isUnknown) forgetNewKey(io, sshPublicKey);
      if (isFinal(error) || !isUnknown) throw error;
      if (io.signal.aborted || performance.now() >= giveUpAt) {
        // Nobody should pay for a machine that they believe they did not get.
        const why = io.signal.aborted ? 'Interrupted before the answer came' : 'No answer came';
        io.err(`${why}; to see whether it was rented all the same: orion get rentals\n`);
        throw error;
      }
      progress.step('no answer yet; asking again');
      await sleep(ASK_AGAIN_MS, undefined, { signal: io.signal }).catch(() => undefined);
    }
  }
}

/** Orion understood the request and refused it. */
function isFinal(error: unknown): boolean {
  return error instanceof ApiError && (error.status < 500 || error.code === 'no_free_node');
}

/** Nothing was rented: the request was refused or never arrived. */
function isRefusal(error: unknown): boolean {
  return (
    isFinal(error) ||
    (error instanceof NoAnswerError && (error.code === 'ECONNREFUSED' || error.kind === 'certificate'))
  );
}

/** A client in the queue wants to see their position at once. */
function requestOf(options: RentOptions, sshPublicKey: string): Input<'rent'> {
  const firstWaitMs = options.queue ? 0 : Math.min(options.wait, FIRST_WAIT_MS);
  const { name, ttl, webhook: webhookUrl } = options;
  return {
    headers: { 'idempotency-key': randomUUID() },
    query: { wait: formatDuration(firstWaitMs), ...(options.queue ? { queue: 'true' as const } : {}) },
    body: { sshPublicKey, name, ttl, webhookUrl, ...selectorOf(options) },
  };
}

async function followToReady(
  context: Context,
  rental: Rental,
  timeoutMs: number,
  progress: Progress,
): Promise<Rental> {
  try {
    return await followRental(context, rental.id, { isThere: isReady, what: 'Active', timeoutMs, progress });
  } catch (error) {
    // The rental has ended or can never be placed. That was reported already.
    if (error instanceof CliError && error.exitCode === EXIT.failed) throw error;
    const { name } = rental;
    context.io.err(
      `${name} may still get a machine; log in later with  orion ssh ${name}  or give it up with  orion release ${name}\n`,
    );
    throw error;
  }
}

function selectorOf({ label, zone }: RentOptions): Pick<NonNullable<Input<'rent'>['body']>, 'selector'> {
  if (label === undefined && zone === undefined) return {};
  return { selector: { ...(label ? { matchLabels: label } : {}), ...(zone ? { zone } : {}) } };
}

function tellStatus({ io }: Context, rental: Rental, tookMs: number): void {
  const { node, expiresAt } = rental.status;
  const { name } = rental;
  if (isReady(rental)) {
    const until = expiresAt === null ? '' : `, until ${expiresAt}`;
    io.err(`${name}: ready in ${(tookMs / 1_000).toFixed(1)} s on ${node}${until}\n`);
  } else io.err(`${describeStep(rental, io.now())}; wait with  orion wait ${name} --for Active\n`);
}

function printLogin({ io }: Context, { name, status }: Rental, keyPath: string | null): void {
  const { connection } = status;
  if (connection === null) {
    io.out(`rental/${name}\n`);
    return;
  }
  io.err(`Log in with  orion ssh ${name}  which also checks the machine's host key, or with\n`);
  const identity = keyPath === null ? '' : ` -i ${quote(keyPath)}`;
  io.out(`${connection.command.replace(/^ssh/, `ssh${identity}`)}\n`);
}

function quote(path: string): string {
  return /^[\w./@%+:,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
