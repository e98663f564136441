import type { Command } from 'commander';
import type { Context } from '../context.ts';

/** What an operator may wish of a node, and how it is told when it was noted. */
const WISHES = [
  ['cordon', 'put no further rental on a node', 'cordoned'],
  ['uncordon', 'use a node again', 'uncordoned'],
] as const;

export function registerNodes(program: Command, context: Context): void {
  for (const [wish, description, done] of WISHES) {
    program
      .command(wish)
      .description(description)
      .argument('<node...>', 'names of nodes')
      .action(async (names: string[]) => {
        for (const name of names) {
          await context.client().send('POST', `/api/nodes/${encodeURIComponent(name)}/${wish}`);
          context.io.out(`node/${name} ${done}\n`);
        }
      });
  }
}
