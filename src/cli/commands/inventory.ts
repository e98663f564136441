import { type Command, Option } from 'commander';
import { createInventoryEnv } from '../../config.ts';
import { loadInventory } from '../../inventory/load.ts';
import { EXIT } from '../cli-error.ts';
import type { Context } from '../context.ts';

export function registerInventory(program: Command, context: Context): void {
  const inventory = program.command('inventory').description('look at a file of nodes before it is used');
  inventory
    .command('check')
    .description('tell every mistake in the file, with its line and column')
    .argument('[file]', 'ORION_INVENTORY, or else inventory.yaml, when left out')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['json']))
    .action((file: string | undefined, options: { output?: 'json' }) => check(context, file, options.output));
}

async function check(context: Context, file: string | undefined, format: 'json' | undefined): Promise<void> {
  const { io } = context;
  const path = file ?? (io.env.ORION_INVENTORY || 'inventory.yaml');
  const result = await loadInventory(path, createInventoryEnv(io.env));
  if (!result.ok) context.exitWith(EXIT.failed);
  if (format === 'json') {
    const nodes = result.ok ? result.inventory.nodes.length : null;
    return io.out(
      `${JSON.stringify({ ok: result.ok, nodes, problems: result.ok ? [] : result.problems })}\n`,
    );
  }
  if (result.ok) return io.out(`${path} is right: ${result.inventory.nodes.length} nodes\n`);
  for (const problem of result.problems) io.err(`${problem}\n`);
  io.err(result.problems.length === 1 ? '1 mistake\n' : `${result.problems.length} mistakes\n`);
}
