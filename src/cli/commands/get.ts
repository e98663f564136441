import { type Command, Option } from 'commander';
import type { Client } from '../../client/client.ts';
import { ApiError } from '../../client/protocol/errors.ts';
import type { Rental } from '../../client/protocol/operations.ts';
import { objectNames } from '../arguments.ts';
import type { Context } from '../context.ts';
import { withHelp } from '../help.ts';
import { loadNode, loadRental } from '../look-up.ts';
import { isForPeople, withOutput } from '../output.ts';
import { type AnyNode, NODES, RENTALS } from '../resources.ts';
import { type ShowOptions, type Source, show } from '../show.ts';
import { printable } from '../table.ts';
import { registerGetEvents } from './get-events.ts';
import { registerGetTokens } from './token.ts';

export function registerGet(program: Command, context: Context): void {
  const get = program.command('get').description('list objects, or show one by its name');
  const watch = new Option(
    '-w, --watch',
    'follow every change until Ctrl-C; redraws a terminal, otherwise adds rows',
  );

  const rentals = withOutput(
    get
      .command('rentals')
      .description('rentals, and where they are')
      .alias('rental')
      .argument('[rental...]', 'names or ids of rentals', objectNames('rental'))
      .addOption(watch)
      .option('-A, --all', 'include those that have ended'),
  ).action((names: string[], options: ShowOptions & { all?: true }) =>
    show(context, RENTALS, rentalsOf(context, options.all === true), names, options),
  );
  withHelp(rentals, {
    about: 'Tenants see their own rentals, administrators see all.',
    examples: [
      ['orion get rentals', 'what you have'],
      ['orion get rentals -w', 'the same, as it changes'],
      ['orion get rentals mine -o json', 'everything about one, for a program'],
      ['orion get rentals --all -o wide', 'ended ones, too, with ids, logins and moves'],
    ],
    failed: 'failed, or there is no such rental',
    otherCodes: '130  a watch was ended with Ctrl-C',
  });

  const nodes = withOutput(
    get
      .command('nodes')
      .description('the fleet, and the state of each node')
      .alias('node')
      .argument('[node...]', 'names of nodes', objectNames('node'))
      .addOption(watch),
  ).action(async (names: string[], options: ShowOptions) => {
    if (isForPeople(options.output)) await warnOfBreaker(context);
    await show(context, NODES, nodesOf(context), names, options);
  });
  withHelp(nodes, {
    about: 'Tenants see names, zones, labels, and whether a node is free.',
    examples: [
      ['orion get nodes', 'the fleet'],
      ['orion get nodes worker_1 -w', 'one node, as it changes'],
      ['orion get nodes -o wide', 'with addresses, labels and what is wrong'],
      ['orion get nodes -o name', 'one `node/NAME` per line'],
    ],
    failed: 'failed, or there is no such node',
    otherCodes: '130  a watch was ended with Ctrl-C',
  });

  registerGetEvents(get, context);
  registerGetTokens(get, context);
}

function rentalsOf(context: Context, all: boolean): Source<Rental> {
  const query = all ? { all: 'true' as const } : {};
  const client = (): Client => context.client();
  return {
    list: () => client().listAll('listRentals', { query }),
    load: (id) => loadRental(context, id),
    watchAll: (options) => client().watch('listRentals', { query }, options),
    watchOne: (id, options) => client().watch('getRental', { params: { id } }, options),
  };
}

function nodesOf(context: Context): Source<AnyNode> {
  const client = (): Client => context.client();
  return {
    list: () => client().listAll('listNodes', {}),
    load: (name) => loadNode(context, name),
    watchAll: (options) => client().watch('listNodes', {}, options),
    watchOne: (name, options) => client().watch('getNode', { params: { name } }, options),
  };
}

/** Warns those who may see the pool when no rental is moved or nothing is started. Others see it on their rentals. */
async function warnOfBreaker(context: Context): Promise<void> {
  try {
    const { conditions } = await context.client().call('getPool');
    const wrong = conditions.filter(({ type, status }) => status === (type === 'Paused' ? 'True' : 'False'));
    for (const { message, lastTransitionTime } of wrong)
      context.io.err(`${printable(message)} (since ${lastTransitionTime})\n`);
  } catch (error) {
    // The caller is a tenant, or the server is older.
    if (!(error instanceof ApiError && [403, 404].includes(error.status))) throw error;
  }
}
