import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { createInventoryEnv } from '../../config/config.ts';
import { computeSha256, loadInventory } from '../../inventory/load.ts';
import { CliError, EXIT } from '../cli-error.ts';
import type { Context } from '../context.ts';
import { withHelp } from '../help.ts';
import { type Format, printData, withOutput } from '../output.ts';
import { formatNotAnswering, formatPlan } from '../plan-text.ts';

const FILE = 'by default ORION_INVENTORY, or else inventory.yaml';

export function registerInventory(program: Command, context: Context): void {
  const inventory = program.command('inventory').description('check, plan and apply the file of nodes');
  const checkCommand = withOutput(
    inventory
      .command('check')
      .description('report every mistake in the file, with its line and column')
      .argument('[file]', FILE),
    ['json', 'yaml'],
  ).action((file: string | undefined, options: { output?: Format }) => check(context, file, options.output));
  withHelp(checkCommand, {
    about: 'Needs no daemon: the file is read here, as the daemon would read it.',
    examples: [
      ['orion inventory check', 'the usual file'],
      ['orion inventory check next.yaml', 'another one'],
    ],
    failed: 'there are mistakes',
  });
  const planCommand = withOutput(
    inventory
      .command('plan')
      .description('what would happen if the file were applied: node by node, rental by rental')
      .argument('[file]', FILE),
    ['json', 'yaml'],
  ).action((file: string | undefined, options: { output?: Format }) => plan(context, file, options.output));
  withHelp(planCommand, {
    about: 'Changes nothing. For administrators.',
    examples: [['orion inventory plan', 'before it is applied']],
    failed: 'failed, or there are mistakes in the file',
  });
  const applyCommand = withOutput(
    inventory
      .command('apply')
      .description('make the daemon reload its inventory file, if it has the content of this one')
      .argument('[file]', FILE)
      .option('--force', 'even if more than 40 % of the nodes are taken out at once'),
    ['json', 'yaml'],
  ).action((file: string | undefined, options: { output?: Format; force?: true }) =>
    apply(context, file, options),
  );
  withHelp(applyCommand, {
    about: 'A node that is taken out is emptied and cleaned before it is forgotten. For administrators.',
    examples: [
      ['orion inventory apply', 'after it was edited, and planned'],
      ['orion inventory apply --force', 'half of the fleet goes, on purpose'],
    ],
    failed: 'failed or refused; nothing was changed',
    timedOut: 'recorded, but no leader has answered yet',
  });
}

function pathOf({ io }: Context, file: string | undefined): string {
  return file ?? (io.env.ORION_INVENTORY || 'inventory.yaml');
}

async function check(context: Context, file: string | undefined, format: Format | undefined): Promise<void> {
  const { io } = context;
  const path = pathOf(context, file);
  const result = await loadInventory(path, createInventoryEnv(io.env));
  if (!result.ok) context.exitWith(EXIT.failed);
  const nodes = result.ok ? result.inventory.nodes.length : null;
  const problems = result.ok ? [] : result.problems;
  if (printData(io, format, { ok: result.ok, nodes, problems })) return;
  if (result.ok) return io.out(`${path} is valid: ${result.inventory.nodes.length} nodes\n`);
  for (const problem of result.problems) io.err(`${problem}\n`);
  io.err(result.problems.length === 1 ? '1 mistake\n' : `${result.problems.length} mistakes\n`);
}

async function plan(context: Context, file: string | undefined, format: Format | undefined): Promise<void> {
  const path = pathOf(context, file);
  const text = await read(path);
  const body = { text, file: basename(path) };
  const found = await context.client().call('planInventory', { body });
  if (!printData(context.io, format, found)) context.io.out(formatPlan(found));
}

async function apply(
  context: Context,
  file: string | undefined,
  options: { output?: Format; force?: true },
): Promise<void> {
  const path = pathOf(context, file);
  const text = await read(path);
  const sha256 = computeSha256(text);
  const body = { sha256, force: options.force ?? false };
  const answer = await context.client().call('applyInventory', { body });
  if (!('kind' in answer)) {
    throw new CliError('recorded, but no leader has answered yet', {
      exitCode: EXIT.timedOut,
      hint: 'for the result: orion get events --type inventory.applied',
    });
  }
  if (printData(context.io, options.output, answer) || answer.kind !== 'applied') return;
  const { added = [], changed = [], retiring = [] } = answer;
  const list = (word: string, names: string[]) => (names.length > 0 ? `${word} ${names.join(', ')}\n` : '');
  const lines = `${list('added', added)}${list('changed', changed)}${list('retiring', retiring)}`;
  context.io.out(lines || 'nothing changed\n');
  const silent = await listSilent(context, { text, file: basename(path) }, added.length > 0);
  context.io.out(formatNotAnswering(silent));
}

/** How long new nodes have to answer their first probe. */
const FIRST_ANSWER_MS = 5_000;
const POLL_MS = 500;

async function listSilent(
  context: Context,
  body: { text: string; file: string },
  areNew: boolean,
): Promise<string[]> {
  const endsAtMs = performance.now() + (areNew ? FIRST_ANSWER_MS : 0);
  for (;;) {
    // The inventory is applied already, so a failure here is not a failure of the command.
    const found = await context
      .client()
      .call('planInventory', { body })
      .catch(() => null);
    const silent = found?.notAnswering ?? [];
    if (silent.length === 0 || performance.now() >= endsAtMs || context.io.signal.aborted) return silent;
    await sleep(POLL_MS, undefined, { signal: context.io.signal }).catch(() => undefined);
  }
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new CliError(`${path} can't be read (${(error as NodeJS.ErrnoException).code})`, {
      exitCode: EXIT.usage,
    });
  }
}
