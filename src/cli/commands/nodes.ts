import { type Command, Option } from 'commander';
import { durationMs } from '../arguments.ts';
import { CliError, EXIT } from '../cli-error.ts';
import type { Context } from '../context.ts';
import { followNode, isEmpty } from '../follow-node.ts';
import { requireAdminView } from '../resources.ts';

/** What an operator may wish of nodes, and how it is told when it was noted. */
const WISHES = [
  ['cordon', 'put no further rental on a node', 'cordoned'],
  ['uncordon', 'use a node again, also after a drain', 'uncordoned'],
  ['clean', 'clean and verify a node now, which is the way out of quarantine', 'cleaning asked for'],
  [
    'forget',
    'give up a node that left the inventory and will not return; what is on it is not removed',
    'given up',
  ],
] as const;

export function registerNodes(program: Command, context: Context): void {
  for (const [wish, description, done] of WISHES) {
    program
      .command(wish)
      .description(description)
      .argument('<node...>', 'names of nodes')
      .action(async (names: string[]) => {
        for (const name of names) {
          await context.client().call(`${wish}Node`, { params: { name } });
          context.io.out(`node/${name} ${done}\n`);
        }
      });
  }
  program
    .command('drain')
    .description('empty nodes: each rental is moved first, then its old place is cleaned; ended by uncordon')
    .argument('<node...>', 'names of nodes')
    .option('--no-wait', 'only note it')
    .addOption(
      new Option('--timeout <duration>', 'how long to wait').argParser(durationMs).default(600_000, '10m'),
    )
    .action((names: string[], options: { wait: boolean; timeout: number }) => drain(context, names, options));
  program
    .command('trust')
    .description('accept the host key that a node shows instead of its known one')
    .argument('<node>', 'name of a node')
    .argument('[fingerprint]', 'SHA256:… of that key, as read on the machine itself')
    .action((name: string, fingerprint: string | undefined) => trust(context, name, fingerprint));
}

async function drain(
  context: Context,
  names: string[],
  options: { wait: boolean; timeout: number },
): Promise<void> {
  const client = context.client();
  // All are noted before the first is waited for, so that none is moved onto another that is to be emptied.
  for (const name of names) await client.call('drainNode', { params: { name } });
  for (const name of names) {
    if (!options.wait) context.io.out(`node/${name} draining\n`);
    else {
      await followNode(context, name, { isThere: isEmpty, what: 'empty', timeoutMs: options.timeout });
      context.io.out(`node/${name} drained\n`);
    }
  }
}

async function trust(context: Context, name: string, fingerprint: string | undefined): Promise<void> {
  if (fingerprint === undefined) {
    const node = requireAdminView(await context.client().call('getNode', { params: { name } }));
    const offered = node.status.offeredFingerprint;
    if (offered === null) throw new CliError(`${name} shows no other host key than the known one`);
    throw new CliError(`name the fingerprint; ${name} now shows ${offered}`, {
      exitCode: EXIT.usage,
      hint: `compare it on the machine itself (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then: orion trust ${name} ${offered}`,
    });
  }
  await context.client().call('trustNode', { params: { name }, body: { fingerprint } });
  context.io.out(`node/${name} trusted\n`);
}
