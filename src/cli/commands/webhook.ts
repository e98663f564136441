import { type Command, Option } from 'commander';
import type { Answer } from '../../client/client.ts';
import { DELIVERY_STATES, type DeliveryState } from '../../core/ports/delivery.ts';
import { objectName } from '../arguments.ts';
import { CliError, EXIT } from '../cli-error.ts';
import type { Context } from '../context.ts';
import { withHelp } from '../help.ts';
import { loadRental } from '../look-up.ts';
import { createPrinter, type Format, isForPeople, printData, printDone, withOutput } from '../output.ts';
import type { Tone } from '../paint.ts';
import type { Resource } from '../resources.ts';
import { formatAge, formatLeft, printable } from '../table.ts';

type Delivery = Answer<'listWebhookDeliveries'>['items'][number];

interface ListOptions {
  state?: DeliveryState;
  rental?: string;
  output?: Format;
}

const TONES: Record<DeliveryState, Tone> = { pending: 'busy', delivered: 'good', dead: 'bad' };

const MESSAGES: Resource<Delivery> = {
  singular: 'webhook',
  nameOf: (message) => message.id,
  idOf: (message) => message.id,
  columns: () => [
    { header: 'ID', cell: (message) => message.id },
    { header: 'TYPE', cell: (message) => message.type },
    { header: 'RENTAL', cell: (message) => message.rental },
    { header: 'STATE', cell: (message) => message.state, tone: (message) => TONES[message.state] },
    { header: 'TRIES', cell: (message) => String(message.attempts) },
    { header: 'NEXT', volatile: true, cell: (message, now) => formatLeft(message.nextAttemptAt, now) },
    { header: 'AGE', volatile: true, cell: (message, now) => formatAge(message.createdAt, now) },
    { header: 'ERROR', cell: ({ lastError }) => (lastError === null ? '-' : printable(lastError)) },
    { header: 'TENANT', wide: true, cell: (message) => message.tenant },
    { header: 'URL', wide: true, cell: (message) => printable(message.url) },
  ],
};

export function registerWebhook(program: Command, context: Context): void {
  const webhook = program
    .command('webhook')
    .description('messages to the webhooks of rentals, and the secret that signs them');

  const listCommand = withOutput(
    webhook
      .command('list')
      .description('list messages, newest first')
      .addOption(new Option('--state <state>', 'only in this state').choices(DELIVERY_STATES))
      .option('--rental <name>', 'only of this rental, by id or name', objectName('rental')),
  ).action((options: ListOptions) => list(context, options));
  withHelp(listCommand, {
    about: 'Tenants see the messages to their own webhooks, administrators all.',
    examples: [
      ['orion webhook list --rental mine', 'messages about one rental, delivered or pending'],
      ['orion webhook list --state dead', 'those that were given up after a day'],
    ],
  });

  const resendCommand = withOutput(
    webhook
      .command('resend')
      .description('send messages again, or sooner')
      .argument('[id...]', 'ids of messages, as listed')
      .option('--dead', 'all that were given up'),
    ['json', 'yaml', 'name'],
  ).action((ids: string[], options: ResendOptions) => resend(context, ids, options));
  withHelp(resendCommand, {
    about:
      'Each is tried for another day, even one that was delivered. A pending one is tried at once; later ones of its rental do not overtake it.',
    examples: [
      ['orion webhook resend msg_812_5f0c9a1be27d', 'one message'],
      ['orion webhook resend --dead', 'all that were given up, oldest first'],
    ],
    failed: 'failed, or there is no such message',
  });

  const secretCommand = withOutput(
    webhook
      .command('secret')
      .description('print the secret that signs messages to you')
      .option('--rotate', 'make a new one first'),
    ['json', 'yaml'],
  ).action((options: { rotate?: boolean; output?: Format }) => secret(context, options));
  withHelp(secretCommand, {
    about:
      'In the form that Standard Webhooks libraries take. After a rotation messages carry both signatures for a day.',
    examples: [
      ['orion webhook secret', 'to verify signatures with'],
      ['orion webhook secret --rotate', 'a new one, such as after others saw this one'],
    ],
  });
}

async function list(context: Context, { state, rental, output }: ListOptions): Promise<void> {
  const query = {
    ...(state === undefined ? {} : { state }),
    ...(rental === undefined ? {} : { rental: await findId(context, rental) }),
  };
  const items = await context.client().listAll('listWebhookDeliveries', { query });
  createPrinter(context.io, MESSAGES, output).list(items);
  if (items.length === 0 && isForPeople(output)) context.io.err('There are no such messages.\n');
}

/** Only ids find ended rentals, whose messages outlive them. */
async function findId(context: Context, rental: string): Promise<string> {
  return rental.startsWith('r_') ? rental : (await loadRental(context, rental)).id;
}

interface ResendOptions {
  dead?: boolean;
  output?: Format;
}

async function resend(context: Context, named: string[], { dead, output }: ResendOptions): Promise<void> {
  if (named.length === 0 && !dead) {
    throw new CliError('which messages?', {
      hint: 'give their ids (orion webhook list --state dead), or --dead for all that were given up',
      exitCode: EXIT.usage,
    });
  }
  const { io } = context;
  const client = context.client();
  const given = dead ? await client.listAll('listWebhookDeliveries', { query: { state: 'dead' } }) : [];
  // Oldest first: receivers expect messages in that order.
  const ids = [...named.map((id) => id.replace(/^webhook\//, '')), ...given.map(({ id }) => id).toReversed()];
  for (const id of new Set(ids)) {
    const object = await client.call('resendWebhookDelivery', { params: { id } });
    printDone(io, output, { kind: 'webhook', name: id, done: 'will be sent again', object });
  }
  if (ids.length === 0) io.err('No message was given up.\n');
}

async function secret(context: Context, options: { rotate?: boolean; output?: Format }): Promise<void> {
  const { io } = context;
  const client = context.client();
  const found = await client.call(options.rotate ? 'rotateWebhookSecret' : 'getWebhookSecret');
  if (printData(io, options.output, found)) return;
  if (found.previousValidUntil !== null) {
    io.err(`Until ${found.previousValidUntil} messages are also signed with the previous secret.\n`);
  }
  io.out(`${found.secret}\n`);
}
