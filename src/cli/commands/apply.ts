import type { Command } from 'commander';
import type { Input } from '../../client/client.ts';
import { ApiError } from '../../client/protocol/errors.ts';
import type { Rental } from '../../client/protocol/operations.ts';
import { durationMs } from '../arguments.ts';
import { CliError } from '../cli-error.ts';
import type { Context } from '../context.ts';
import { followRental, isReady } from '../follow.ts';
import { withHelp } from '../help.ts';
import { linkKey, type OwnKey, readOwnKey } from '../key-files.ts';
import { readField, readManifests, type WantedRental } from '../manifest.ts';
import { type Format, printDone, withOutput } from '../output.ts';

interface ApplyOptions {
  filename: string[];
  key?: string;
  wait?: number | true;
  output?: Format;
}

const WAIT_MS = 60_000;

export function registerApply(program: Command, context: Context): void {
  const command = withOutput(
    program
      .command('apply')
      .description('create rentals from a file, or change them to match it')
      .requiredOption(
        '-f, --filename <file...>',
        'YAML or JSON with one or more rentals; - for standard input',
      )
      .option('--key <file>', 'your SSH key, either half, for rentals that name none')
      .option('--wait [duration]', 'wait until all are ready, 60s if no time is given', durationMs),
    ['json', 'yaml', 'name'],
  ).action((options: ApplyOptions) => apply(context, options));
  withHelp(command, {
    about:
      'A document is what  orion get rental NAME -o yaml  prints: a name and a spec; fields that only the API ' +
      'sets are ignored. Documents are separated by --- and identified by name. Applying the same file again changes ' +
      'nothing. If one is refused, the others are still applied.',
    examples: [
      ['orion apply -f rentals.yaml', 'reports each as created, configured or unchanged'],
      [
        'orion apply -f rentals.yaml --key ~/.ssh/id_ed25519.pub --wait',
        'with your key, until all are ready',
      ],
      ['orion get rental mine -o yaml | orion apply -f -', 'from another program'],
    ],
    failed: 'a document is invalid, and nothing was applied; or the API refused one',
    timedOut: 'applied, but not ready in time',
  });
}

async function apply(context: Context, options: ApplyOptions): Promise<void> {
  const { io } = context;
  const ownKey = options.key === undefined ? null : readOwnKey(options.key);
  const wanted = await readManifests(io, options.filename);
  const applied: Rental[] = [];
  let keyless = false;
  for (const one of wanted) {
    try {
      applied.push(await applyOne(context, one, ownKey, options.output));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const why = lacksKey(error, one) ? 'it names no sshPublicKey' : error.message;
      io.err(`error: ${one.where}: rental ${one.name}: ${why}\n`);
      keyless ||= lacksKey(error, one);
    }
  }
  const timeoutMs = options.wait === true ? WAIT_MS : options.wait;
  if (timeoutMs !== undefined) await waitForAll(context, applied, timeoutMs);
  const refused = wanted.length - applied.length;
  if (refused > 0) {
    throw new CliError(`${refused} of ${wanted.length} rentals could not be applied`, {
      hint: keyless ? 'to use your key for those that name none: orion apply --key FILE' : undefined,
    });
  }
}

async function applyOne(
  context: Context,
  { name, body }: WantedRental,
  ownKey: OwnKey | null,
  format: Format | undefined,
): Promise<Rental> {
  const before = await findLive(context, name);
  const object = await context.client().call('applyRental', {
    params: { id: name },
    // The API judges the content and names each field at fault.
    body: withKey(body, ownKey) as Input<'applyRental'>['body'],
  });
  if (ownKey?.privatePath && object.spec.sshPublicKey === ownKey.publicKey) {
    linkKey(context.io, object.id, ownKey.privatePath);
  }
  const isNew = before?.id !== object.id;
  const done = isNew ? 'created' : before.generation === object.generation ? 'unchanged' : 'configured';
  printDone(context.io, format, { kind: 'rental', name, done, object });
  return object;
}

async function findLive(context: Context, name: string): Promise<Rental | null> {
  try {
    return await context.client().call('getRental', { params: { id: name } });
  } catch (error) {
    if (error instanceof ApiError && error.code === 'not_found') return null;
    throw error;
  }
}

/** Tells this error apart, since the API's own text for it is not meant for people. */
function lacksKey({ errors }: ApiError, { body }: WantedRental): boolean {
  return readField(body, 'sshPublicKey') === undefined && errors.some(({ path }) => path === 'sshPublicKey');
}

/** Handles a spec both on its own and beside the name, as POST takes it. */
function withKey(body: Record<string, unknown>, ownKey: OwnKey | null): Record<string, unknown> {
  if (ownKey === null) return body;
  const { spec } = body;
  const sshPublicKey = ownKey.publicKey;
  if (typeof spec !== 'object' || spec === null) return { sshPublicKey, ...body };
  return { ...body, spec: { sshPublicKey, ...spec } };
}

async function waitForAll(context: Context, rentals: Rental[], timeoutMs: number): Promise<void> {
  const deadlineAt = performance.now() + timeoutMs;
  for (const { id } of rentals) {
    const leftMs = Math.max(0, deadlineAt - performance.now());
    await followRental(context, id, { isThere: isReady, what: 'Active', timeoutMs: leftMs });
  }
}
