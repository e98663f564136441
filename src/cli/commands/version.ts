import type { Command } from 'commander';
import { VERSION } from '../../daemon/version.ts';
import type { Context } from '../context.ts';
import { withHelp } from '../help.ts';
import { type Format, printData, withOutput } from '../output.ts';

const ANSWER_WITHIN_MS = 2_000;

export function registerVersion(program: Command, context: Context): void {
  const command = withOutput(
    program
      .command('version')
      .description('print the version of this program, and of the server when it answers')
      .option('--client', 'only that of this program'),
    ['json', 'yaml'],
  ).action((options: { client?: true; output?: Format }) => printVersion(context, options));
  withHelp(command, {
    examples: [
      ['orion version', 'both'],
      ['orion version --client', 'without asking the server'],
    ],
  });
}

async function printVersion(context: Context, options: { client?: true; output?: Format }): Promise<void> {
  const { io } = context;
  const server = options.client ? null : await askServer(context).catch(() => null);
  if (printData(io, options.output, { client: VERSION, server })) return;
  io.out(`${VERSION}\n`);
  if (server !== null) io.out(`server ${server}\n`);
}

/** A missing, stopped or silent server is no error of this command: then there is no version. */
async function askServer(context: Context): Promise<string> {
  const { version } = await context.client().call('getHealth', {}, { timeoutMs: ANSWER_WITHIN_MS });
  return version;
}
