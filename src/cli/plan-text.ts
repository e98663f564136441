import type { FleetPlan } from '../client/protocol/operations.ts';

type Action = FleetPlan['nodes'][number]['action'];

const SIGNS = { add: '+', change: '~', return: '+', remove: '-' } as const;
const WORDS: Record<Action, (changes: string[]) => string> = {
  add: () => 'joins: is prepared, verified, then lent',
  change: (changes) => `changes ${changes.join(', ')}`,
  return: (changes) => `is lent again${changes.length > 0 ? `; changes ${changes.join(', ')}` : ''}`,
  remove: () => 'is emptied, cleaned, then forgotten',
};

/** A plan for people: node by node, rental by rental. */
export function formatPlan(plan: FleetPlan): string {
  const { nodes, rentals, policy, refused, notAnswering } = plan;
  const silent = formatNotAnswering(notAnswering);
  if (nodes.length + rentals.length + policy.length === 0) return `Nothing would change.\n${silent}`;
  const sections = [
    section(
      'Nodes',
      nodes.map(({ node, action, changes, note }) => [
        `${SIGNS[action]} ${node}`,
        `${WORDS[action](changes)}${note ? `; ${note}` : ''}`,
      ]),
    ),
    section(
      'Rentals',
      rentals.map(({ name, rental, message }) => [`${name} (${rental})`, message]),
    ),
    section(
      'Policy',
      policy.map(({ key, before, after }) => [key, `${before} -> ${after}`]),
    ),
  ];
  const count = (action: Action) => nodes.filter((plan) => plan.action === action).length;
  const summary = `${count('add') + count('return')} to add, ${count('change')} to change, ${count('remove')} to remove\n`;
  const refusal =
    refused === null ? '' : `Refused unless forced (orion inventory apply --force): ${refused}\n`;
  return [...sections, summary, silent, refusal].join('');
}

const SHOWN = 5;

/** New nodes that are listed but do not answer. They delay nobody, and somebody has to switch them on. */
export function formatNotAnswering(names: readonly string[] = []): string {
  const [first] = names;
  if (first === undefined) return '';
  const shown = `${names.slice(0, SHOWN).join(', ')}${names.length > SHOWN ? ', …' : ''}`;
  const verb = names.length === 1 ? 'does' : 'do';
  return `${names.length} of these ${verb} not answer yet: ${shown} (why: orion describe node ${first})\n`;
}

function section(title: string, rows: [string, string][]): string {
  if (rows.length === 0) return '';
  const width = Math.max(...rows.map(([left]) => left.length));
  return `${title}\n${rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join('')}`;
}
