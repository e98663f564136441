import type { FleetPlan } from '../client/operations.ts';

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
  const { nodes, rentals, policy, refused } = plan;
  if (nodes.length + rentals.length + policy.length === 0) return 'Nothing would change.\n';
  const sections = [
    section(
      'Nodes',
      nodes.map(({ node, action, changes }) => [`${SIGNS[action]} ${node}`, WORDS[action](changes)]),
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
  return [...sections, summary, refusal].join('');
}

function section(title: string, rows: [string, string][]): string {
  if (rows.length === 0) return '';
  const width = Math.max(...rows.map(([left]) => left.length));
  return `${title}\n${rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join('')}`;
}
