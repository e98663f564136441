import { type Command, Option } from 'commander';
import type { Node } from '../../client/protocol/operations.ts';
import { objectNames } from '../arguments.ts';
import { CliError, EXIT } from '../cli-error.ts';
import type { Context } from '../context.ts';
import { forEach } from '../each.ts';
import { withHelp } from '../help.ts';
import { loadNode, nameNodes } from '../look-up.ts';
import { type Format, printDone, withOutput } from '../output.ts';
import { requireAdminView } from '../resources.ts';
import { printable } from '../table.ts';

type Differences = NonNullable<Node['status']['differences']>;

interface Options {
  all?: boolean;
  reason: string;
  yes?: boolean;
  setuid?: boolean;
  output?: Format;
}

/** A node, and those of its differences that the request will name. */
interface Chosen {
  name: string;
  differences: Differences;
  items: Differences['items'];
}

export function registerAccept(program: Command, context: Context): void {
  const command = withOutput(
    program
      .command('accept')
      .description('accept what was found on nodes into their baseline, such as after an upgrade')
      .argument('[node...]', 'names of nodes', objectNames('node'))
      .option('--all', 'every node with something to accept')
      .requiredOption('--reason <text>', 'why it belongs there, for the history')
      .option('--yes', 'do not ask')
      .addOption(new Option('--setuid', 'with --yes: also newly setuid programs')),
    ['json', 'yaml', 'name'],
  ).action((names: string[], options: Options) => accept(context, names, options));
  withHelp(command, {
    about:
      'First shows what differs from the baseline, then asks. Only what is shown is accepted: what has ' +
      'changed since, or came later, remains a finding. The nodes are verified again at once. For administrators.',
    examples: [
      ['orion accept worker_1 --reason "cron 3.0pl1-163"', 'shows what was found, and asks'],
      [
        'orion accept --all --reason "cron 3.0pl1-163" --yes',
        'on all nodes; newly setuid programs are left out',
      ],
    ],
    failed: 'failed, or there is nothing to accept',
  });
}

async function accept(context: Context, named: string[], options: Options): Promise<void> {
  const { all = false, yes = false, reason } = options;
  const names = await nameNodes(context, named, { all, isMeant: ({ differences }) => differences !== null });
  if (names.length === 0) context.io.err('There is nothing to accept on any node.\n');
  const chosen = await forEach(context, names, async (name) => {
    const { differences } = requireAdminView(await loadNode(context, name)).status;
    if (!differences)
      throw new CliError(`nothing was found on ${name} that could be accepted`, {
        hint: `what was found: orion describe node ${name}`,
      });
    return { name, differences, items: chooseItems(differences, options) };
  });
  for (const alike of groupAlike(chosen)) context.io.err(show(alike));
  const wanted = chosen.filter(({ items }) => items.length > 0);
  if (chosen.length > 0 && wanted.length === 0)
    throw new CliError('only newly setuid programs were found', {
      hint: 'a person must decide on them: leave out --yes, or add --setuid',
    });
  if (wanted.length === 0 || !(yes || (await confirm(context, wanted)))) return;
  await forEach(context, wanted, async ({ name, items }) => {
    const body = { ids: items.map(({ id }) => id), reason };
    const object = await context.client().call('acceptDifferences', { params: { name }, body });
    const done = `${items.length} accepted; it will be verified again`;
    printDone(context.io, options.output, { kind: 'node', name, done, object });
  });
}

/** Never accepts a setuid program unseen: it runs with root's rights for everybody. */
function chooseItems({ items }: Differences, { yes, setuid }: Options): Differences['items'] {
  return yes && !setuid ? items.filter(({ kind }) => kind !== 'setuid') : items;
}

/** Groups nodes with the same findings: after an upgrade a hundred nodes have them, and they are shown once. */
function groupAlike(chosen: Chosen[]): Chosen[][] {
  const groups = new Map<string, Chosen[]>();
  for (const one of chosen) {
    const key = JSON.stringify(one.differences);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()];
}

const MOST_NAMED = 8;

function show(alike: Chosen[]): string {
  const [{ differences, items } = { differences: null, items: [] }] = alike;
  if (differences === null) return '';
  const names = alike.slice(0, MOST_NAMED).map(({ name }) => name);
  const rest = alike.length - names.length;
  const left = differences.items.length - items.length;
  return [
    `${names.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}:`,
    ...items.map(({ kind, text }) => `  ${printable(kind)}: ${printable(text)}`),
    ...(left > 0 ? [`  left out, newly setuid (--setuid): ${left}`] : []),
    ...(differences.more > 0 ? [`  not shown, can be accepted after these: ${differences.more}`] : []),
    ...(differences.others > 0 ? [`  cannot be accepted, and remain findings: ${differences.others}`] : []),
    '',
  ].join('\n');
}

async function confirm({ io }: Context, wanted: Chosen[]): Promise<boolean> {
  if (!io.input.isTerminal) {
    throw new CliError('there is no terminal to ask on', {
      exitCode: EXIT.usage,
      hint: 'if what is shown belongs there, add --yes',
    });
  }
  const where = wanted.length === 1 ? wanted[0]?.name : `these ${wanted.length} nodes`;
  const answer = await io.input.ask(`Accept this into the baseline of ${where}? [y/N] `);
  const isYes = /^y(es)?$/i.test(answer.trim());
  if (!isYes) io.err('Nothing was accepted.\n');
  return isYes;
}
