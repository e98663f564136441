import { type Command, Option } from 'commander';
import { durationMs, objectName, objectNames } from '../arguments.ts';
import { CliError, EXIT } from '../cli-error.ts';
import type { Context } from '../context.ts';
import { forEach } from '../each.ts';
import { followNode, isEmpty } from '../follow-node.ts';
import { withHelp } from '../help.ts';
import { loadNode, orSuggest } from '../look-up.ts';
import { type Format, printDone, withOutput } from '../output.ts';
import { requireAdminView } from '../resources.ts';
import { registerAccept } from './accept.ts';
import { registerAdopt } from './adopt.ts';

interface NodeRequest {
  description: string;
  /** The word for the recorded request. */
  done: string;
  about?: string;
}

/** What an operator may request of nodes. */
const REQUESTS: Record<'cordon' | 'uncordon' | 'clean' | 'forget', NodeRequest> = {
  cordon: { description: 'put no more rentals on a node', done: 'cordoned' },
  uncordon: { description: 'use a node again, also after a drain', done: 'uncordoned' },
  clean: {
    description: 'clean and verify a node now, the way out of quarantine',
    done: 'cleaning requested',
    about: 'It also brings back a node that a negative healthyDelay holds.',
  },
  forget: {
    description: 'give up a node that left the inventory and will not return; what is on it is not removed',
    done: 'given up',
  },
};

const reasonOption = () => new Option('--reason <text>', 'why, for others who see the node');

export function registerNodes(program: Command, context: Context): void {
  for (const request of Object.keys(REQUESTS) as (keyof typeof REQUESTS)[])
    registerRequest(program, context, request);

  const drainCommand = withOutput(
    program
      .command('drain')
      .description('empty nodes: move each rental, then clean its old place; uncordon ends it')
      .argument('<node...>', 'names of nodes', objectNames('node'))
      .addOption(reasonOption())
      .option('--no-wait', 'only record the request')
      .addOption(
        new Option('--timeout <duration>', 'how long to wait').argParser(durationMs).default(600_000, '10m'),
      ),
    ['json', 'yaml', 'name'],
  ).action((names: string[], options: DrainOptions) => drain(context, names, options));
  withHelp(drainCommand, {
    about: 'For administrators.',
    examples: [
      ['orion drain worker_1 --reason "new disk"', 'before it is switched off; waits until it is empty'],
      ['orion drain worker_1 worker_2 --no-wait', 'both, without waiting'],
    ],
    timedOut: 'not empty in time; the drain goes on by itself',
  });

  registerAccept(program, context);
  registerAdopt(program, context);
  const trustCommand = withOutput(
    program
      .command('trust')
      .description('accept the host key that a node shows instead of its known one')
      .argument('<node>', 'name of a node', objectName('node'))
      .argument('[fingerprint]', 'SHA256:… of that key, as read on the machine itself'),
    ['json', 'yaml', 'name'],
  ).action((name: string, fingerprint: string | undefined, options: { output?: Format }) =>
    trust(context, name, fingerprint, options.output),
  );
  withHelp(trustCommand, {
    about: 'Without a fingerprint it prints the one that the node shows now. For administrators.',
    examples: [
      ['orion trust worker_1', 'shows its key, to compare on the machine'],
      ['orion trust worker_1 SHA256:4yCPvVX7bAqVtQxZTXGjWqcxRE7XrIvJkN9tDq9yHpI', 'accept that key'],
    ],
  });
}

function registerRequest(program: Command, context: Context, request: keyof typeof REQUESTS): void {
  const { description, done, about } = REQUESTS[request];
  const command = withOutput(
    program
      .command(request)
      .description(description)
      .argument('<node...>', 'names of nodes', objectNames('node')),
    ['json', 'yaml', 'name'],
  );
  if (request === 'cordon') command.addOption(reasonOption());
  command.action(async (names: string[], { output, reason }: { output?: Format; reason?: string }) => {
    const client = context.client();
    await forEach(context, names, async (name) => {
      const params = { name };
      const object = await orSuggest(context, 'node', name, () =>
        request === 'cordon'
          ? client.call('cordonNode', { params, body: { reason } })
          : client.call(`${request}Node`, { params }),
      );
      printDone(context.io, output, { kind: 'node', name, done, object });
    });
  });
  withHelp(command, {
    about: `${about === undefined ? '' : `${about} `}For administrators.`,
    examples: [[`orion ${request} worker_1`, description]],
    failed: 'failed, or the state of the node does not allow it',
  });
}

interface DrainOptions {
  reason?: string;
  wait: boolean;
  timeout: number;
  output?: Format;
}

async function drain(context: Context, names: string[], options: DrainOptions): Promise<void> {
  const { io } = context;
  // All are recorded before the first wait, so that no rental is moved onto another node to be emptied.
  const asked = await forEach(context, names, async (name) => {
    const request = { params: { name }, body: { reason: options.reason } };
    await orSuggest(context, 'node', name, () => context.client().call('drainNode', request));
    return name;
  });
  for (const name of asked) {
    if (options.wait) {
      await followNode(context, name, { isThere: isEmpty, what: 'empty', timeoutMs: options.timeout });
    }
    const object = await loadNode(context, name);
    const done = options.wait ? 'drained' : 'draining';
    printDone(io, options.output, { kind: 'node', name, done, object });
  }
}

async function trust(
  context: Context,
  name: string,
  fingerprint: string | undefined,
  format: Format | undefined,
): Promise<void> {
  if (fingerprint === undefined) {
    const node = requireAdminView(await loadNode(context, name));
    const offered = node.status.offeredFingerprint;
    if (offered === null) throw new CliError(`${name} shows no host key other than the known one`);
    throw new CliError(`name the fingerprint; ${name} now shows ${offered}`, {
      exitCode: EXIT.usage,
      hint: `compare it on the machine itself (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then: orion trust ${name} ${offered}`,
    });
  }
  const object = await orSuggest(context, 'node', name, () =>
    context.client().call('trustNode', { params: { name }, body: { fingerprint } }),
  );
  printDone(context.io, format, { kind: 'node', name, done: 'trusted', object });
}
