import { type Command, Option } from 'commander';
import type { Node, Rental } from '../../client/protocol/operations.ts';
import { NODE_STATES } from '../../core/model/node-states.ts';
import { RENTAL_PHASES } from '../../core/model/rental.ts';
import { suggest } from '../../core/text/suggest.ts';
import { durationMs, parseKindAndName } from '../arguments.ts';
import { CliError, EXIT } from '../cli-error.ts';
import type { Context } from '../context.ts';
import { followRental } from '../follow.ts';
import { followNode } from '../follow-node.ts';
import { withHelp } from '../help.ts';
import { loadNode, loadRental } from '../look-up.ts';
import { type Format, printDone, withOutput } from '../output.ts';

interface WaitOptions {
  for: string;
  timeout: number;
  output?: Format;
}

export function registerWait(program: Command, context: Context): void {
  const command = withOutput(
    program
      .command('wait')
      .description('wait until a rental is in a phase, or a node in a state, or a condition holds')
      .argument('<rental>', 'name or id of a rental, or node/NAME')
      .requiredOption('--for <goal>', 'a phase, a state of a node, or condition=TYPE[=STATUS]')
      .addOption(
        new Option('--timeout <duration>', 'how long to wait').argParser(durationMs).default(60_000, '60s'),
      ),
    ['json', 'yaml', 'name'],
  ).action((name: string, options: WaitOptions) => waitFor(context, name, options));
  withHelp(command, {
    about: `Phases of a rental: ${RENTAL_PHASES.join(', ')}.\nStates of a node: ${NODE_STATES.join(', ')}.`,
    examples: [
      ['orion wait mine --for Active', 'until you can log in'],
      ['orion wait mine --for condition=Ready --timeout 10m', 'the same, by its condition'],
      ['orion wait mine --for Released', 'until nobody can log in any more'],
      ['orion wait node/worker_1 --for free', 'until it can be rented (administrators)'],
    ],
    failed: 'failed, or it has ended and will never get there',
    timedOut: 'not there in time',
  });
}

async function waitFor(context: Context, target: string, options: WaitOptions): Promise<void> {
  const { timeout: timeoutMs, output } = options;
  const { kind, name } = parseKindAndName(target) ?? { kind: 'rental', name: target };
  if (kind === 'node') {
    const { what, isThere } = parseGoal(options.for, NODE_STATES, ({ status }: Node) => status.state);
    await followNode(context, name, { isThere, what, timeoutMs });
    const object = await loadNode(context, name);
    return printDone(context.io, output, { kind, name, done: `is ${what}`, object });
  }
  const { what, isThere } = parseGoal(options.for, RENTAL_PHASES, ({ status }: Rental) => status.phase);
  const first = await loadRental(context, name);
  // By its id, because the name no longer finds a rental that has ended.
  const object = isThere(first) ? first : await followRental(context, first.id, { isThere, what, timeoutMs });
  printDone(context.io, output, { kind, name: object.name, done: `is ${what}`, object });
}

type Conditioned = { status: { conditions: { type: string; status: string }[] } };

/** Parses `Active`, `phase=active`, `condition=Ready`, `condition=Ready=False`. */
function parseGoal<Item extends Conditioned>(
  text: string,
  words: readonly string[],
  wordOf: (item: Item) => string,
): { what: string; isThere: (item: Item) => boolean } {
  const [, type = null, status = 'True'] = /^condition=(\w+)(?:=(\w+))?$/i.exec(text) ?? [];
  if (type !== null) {
    const isThere = (item: Item) =>
      item.status.conditions.some(
        (condition) => isSame(condition.type, type) && isSame(condition.status, status),
      );
    return { what: text, isThere };
  }
  const wanted = text.replace(/^(phase|state)=/, '');
  const what = words.find((word) => isSame(word, wanted));
  if (what === undefined) {
    const list = words.join(', ');
    throw new CliError(`--for ${text}: expected ${list} or condition=TYPE${suggest(wanted, words)}`, {
      exitCode: EXIT.usage,
    });
  }
  return { what, isThere: (item) => wordOf(item) === what };
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
