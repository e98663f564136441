import { type Command, Option } from 'commander';
import type { Rental } from '../../client/operations.ts';
import { formatDuration } from '../../core/duration.ts';
import { durationMs, durationText, labelPair } from '../arguments.ts';
import { CliError } from '../cli-error.ts';
import type { Context } from '../context.ts';
import { followRental } from '../follow.ts';
import { linkKey, readOwnKey, storeKey } from '../key-files.ts';
import { type Format, printData, withOutput } from '../output.ts';

interface RentOptions {
  key?: string;
  name?: string;
  label?: Record<string, string>;
  zone?: string;
  ttl?: string;
  queue?: boolean;
  wait: number;
  output?: Format;
}

/** The API answers within this when it can; what takes longer is followed step by step instead. */
const FIRST_WAIT_MS = 2_000;

export function registerRent(program: Command, context: Context): void {
  const command = program
    .command('rent')
    .description('rent a machine and print how to log in')
    .option('--key <file>', 'your SSH key, either half; without it a new pair is made and kept for you')
    .option('--name <name>', 'name of the rental; made up when left out')
    .option('--label <key=value>', 'only a machine with this label (repeatable)', labelPair)
    .option('--zone <zone>', 'only a machine in this zone')
    .option('--ttl <duration>', 'how long to rent it, such as 6h', durationText)
    .option('--queue', 'wait in the queue when no machine is free')
    .addOption(
      new Option('--wait <duration>', 'how long to wait until it is ready; 0s: not at all')
        .argParser(durationMs)
        .default(60_000, '60s'),
    );
  withOutput(command, ['json', 'yaml', 'name']).action((options: RentOptions) => rent(context, options));
}

async function rent(context: Context, options: RentOptions): Promise<void> {
  const { io } = context;
  const ownKey = options.key === undefined ? null : readOwnKey(options.key);
  const client = context.client();
  const startedAt = performance.now();
  io.err('Asking for a machine…\n');
  const firstWaitMs = Math.min(options.wait, FIRST_WAIT_MS);
  const made = await client.call(
    'rent',
    {
      query: { wait: formatDuration(firstWaitMs), ...(options.queue ? { queue: 'true' as const } : {}) },
      body: {
        ...(options.name === undefined ? {} : { name: options.name }),
        ...(ownKey === null ? {} : { sshPublicKey: ownKey.publicKey }),
        ...(options.ttl === undefined ? {} : { ttl: options.ttl }),
        ...selectorOf(options),
      },
    },
    { timeoutMs: firstWaitMs + 30_000 },
  );
  const { privateKey, ...first } = made;
  if (typeof first.id !== 'string') throw new CliError('the answer is not a rental: is ORION_URL right?');
  // Before anything else can go wrong: the key comes only this once.
  const keyPath = keepKey(context, first.id, privateKey, ownKey?.privatePath ?? null);
  let rental: Rental = first;
  if (rental.status.phase !== 'Active' && options.wait > 0) {
    const leftMs = Math.max(0, options.wait - (performance.now() - startedAt));
    rental = await followToActive(context, rental, leftMs);
  }
  if (options.output === 'name') return io.out(`rental/${rental.name}\n`);
  if (printData(io, options.output, { ...rental, privateKeyPath: keyPath })) return;
  printLogin(context, rental, keyPath);
}

/** Nobody should pay for a machine that he believes he did not get. */
async function followToActive(context: Context, rental: Rental, timeoutMs: number): Promise<Rental> {
  const isThere = ({ status }: Rental) => status.phase === 'Active' && status.connection !== null;
  try {
    return await followRental(context, rental.id, { isThere, what: 'Active', timeoutMs });
  } catch (error) {
    context.io.err(
      `${rental.name} may still be given a machine; give it up with  orion release ${rental.name}\n`,
    );
    throw error;
  }
}

function selectorOf({ label, zone }: RentOptions): object {
  if (label === undefined && zone === undefined) return {};
  return { selector: { ...(label ? { matchLabels: label } : {}), ...(zone ? { zone } : {}) } };
}

function keepKey(
  { io }: Context,
  id: string,
  privateKey: string | undefined,
  ownPath: string | null,
): string | null {
  if (privateKey !== undefined) return storeKey(io, id, privateKey);
  return ownPath === null ? null : linkKey(io, id, ownPath);
}

function printLogin({ io }: Context, rental: Rental, keyPath: string | null): void {
  const { connection, node, expiresAt } = rental.status;
  if (connection === null) {
    io.err(`${rental.name} is ${rental.status.phase}; wait with  orion wait ${rental.name} --for Active\n`);
    io.out(`rental/${rental.name}\n`);
    return;
  }
  io.err(`${rental.name} is ready on ${node}${expiresAt === null ? '' : `, until ${expiresAt}`}.\n`);
  io.err(`Log in with  orion ssh ${rental.name}  which also checks the machine's host key, or with\n`);
  const identity = keyPath === null ? '' : ` -i ${quote(keyPath)}`;
  io.out(`${connection.command.replace(/^ssh/, `ssh${identity}`)}\n`);
}

function quote(path: string): string {
  return /^[\w./@%+:,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
