import { Command } from 'commander';
import { VERSION } from '../daemon/version.ts';
import { registerApply } from './commands/apply.ts';
import { registerCheck } from './commands/check.ts';
import { registerCompletion } from './commands/completion.ts';
import { registerDaemon } from './commands/daemon.ts';
import { registerDescribe } from './commands/describe.ts';
import { registerExplain } from './commands/explain.ts';
import { registerGet } from './commands/get.ts';
import { registerInit } from './commands/init.ts';
import { registerInventory } from './commands/inventory.ts';
import { registerLogin } from './commands/login.ts';
import { registerNodes } from './commands/nodes.ts';
import { registerPool } from './commands/pool.ts';
import { registerQos } from './commands/qos.ts';
import { registerRent } from './commands/rent.ts';
import { registerRentals } from './commands/rentals.ts';
import { registerSsh } from './commands/ssh.ts';
import { registerTenant } from './commands/tenant.ts';
import { registerToken } from './commands/token.ts';
import { registerVersion } from './commands/version.ts';
import { registerWait } from './commands/wait.ts';
import { registerWebhook } from './commands/webhook.ts';
import type { Context } from './context.ts';

type Register = (program: Command, context: Context) => void;

/** In the order of the help: what users look for first comes first. */
const CHAPTERS: [title: string, commands: Register[]][] = [
  ['Machines for you:', [registerRent, registerSsh, registerRentals, registerApply, registerWait]],
  ['Showing what there is:', [registerGet, registerDescribe, registerExplain, registerQos, registerWebhook]],
  [
    'Looking after the fleet:',
    [registerNodes, registerPool, registerInventory, registerTenant, registerToken],
  ],
  ['The daemon and its database:', [registerDaemon, registerCheck, registerInit]],
  ['This program:', [registerLogin, registerCompletion, registerVersion]],
];

const USAGE_WIDTH = 80;

const AFTER = `
Examples:
  orion login https://orion.example
  orion rent --name mine
  orion ssh mine
  orion get rentals -w
  orion release mine

orion COMMAND --help describes each. orion login saves the API's address and
your token; ORION_URL, ORION_TOKEN and ORION_CA override them.`;

/** Every command. The lab's code is loaded only `withLab`. */
export async function createProgram(context: Context, withLab: boolean): Promise<Command> {
  const { io } = context;
  const width = (stream: 'out' | 'err') => io.terminal(stream)?.columns ?? USAGE_WIDTH;
  const program = new Command('orion')
    .description('Rents out the machines of a fleet.')
    .version(VERSION, '-V, --version', 'print the version')
    .showHelpAfterError('(see --help)')
    .exitOverride()
    .configureOutput({
      writeOut: io.out,
      writeErr: io.err,
      getOutHelpWidth: () => width('out'),
      getErrHelpWidth: () => width('err'),
    })
    .helpOption('-h, --help', 'print this help')
    // Arguments are in each command's own help. Here there is room to say what it does.
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .addHelpText('after', AFTER);
  for (const [title, commands] of CHAPTERS) {
    program.commandsGroup(title);
    for (const register of commands) register(program, context);
  }
  if (withLab) {
    const { registerLabCommands } = await import('../lab/commands.ts');
    program.commandsGroup('A lab on this machine:');
    registerLabCommands(program);
  }
  const help = new Command('help').argument('[command...]').description('print the help of a command');
  program.addHelpCommand(help.helpGroup('This program:'));
  return program;
}
