import type { Command } from 'commander';
import { objectNames } from '../arguments.ts';
import { CliError } from '../cli-error.ts';
import type { Context } from '../context.ts';
import { forEach } from '../each.ts';
import { withHelp } from '../help.ts';
import { loadNode, nameNodes } from '../look-up.ts';
import { type Format, printDone, withOutput } from '../output.ts';
import { requireAdminView } from '../resources.ts';

export function registerAdopt(program: Command, context: Context): void {
  const command = withOutput(
    program
      .command('adopt')
      .description('take nodes over from another Orion, with everything on them')
      .argument('[node...]', 'names of nodes', objectNames('node'))
      .option('--all', 'every node that belongs to another fleet'),
    ['json', 'yaml', 'name'],
  ).action((names: string[], options: { all?: boolean; output?: Format }) => adopt(context, names, options));
  withHelp(command, {
    about:
      'A node is marked by the fleet that prepared it and refuses any other (OtherFleet). The other Orion is ' +
      'refused from then on, and what its tenants have on the node is removed. For administrators.',
    examples: [
      ['orion adopt worker_1', 'it is prepared and cleaned, then lent here'],
      ['orion adopt --all', 'such as after everything known about this fleet was lost'],
    ],
    failed: 'failed, or a node belongs to no other fleet',
  });
}

async function adopt(
  context: Context,
  named: string[],
  { all = false, output }: { all?: boolean; output?: Format },
): Promise<void> {
  const names = await nameNodes(context, named, { all, isMeant: ({ otherFleet }) => otherFleet !== null });
  if (names.length === 0) context.io.err('No node belongs to another fleet.\n');
  await forEach(context, names, async (name) => {
    const fleet = requireAdminView(await loadNode(context, name)).status.otherFleet;
    if (fleet === null) throw new CliError(`${name} belongs to no other fleet, as far as is known`);
    const object = await context.client().call('adoptNode', { params: { name }, body: { fleet } });
    printDone(context.io, output, { kind: 'node', name, done: `taken over from ${fleet}`, object });
  });
}
