import { Command } from 'commander';
import { type Client, createClient } from '../client/client.ts';
import { VERSION } from '../version.ts';
import { EXIT } from './cli-error.ts';
import { registerCheck } from './commands/check.ts';
import { registerDaemon } from './commands/daemon.ts';
import { registerDescribe } from './commands/describe.ts';
import { registerExplain } from './commands/explain.ts';
import { registerGet } from './commands/get.ts';
import { registerInventory } from './commands/inventory.ts';
import { registerNodes } from './commands/nodes.ts';
import { registerRent } from './commands/rent.ts';
import { registerRentals } from './commands/rentals.ts';
import { registerSsh } from './commands/ssh.ts';
import { registerToken } from './commands/token.ts';
import type { Context } from './context.ts';
import type { Io } from './io.ts';
import { loadSettings } from './settings.ts';
import { tellError } from './tell-error.ts';

/** Runs one command line (without the program's own name) and resolves with the exit code. Never rejects. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let client: Client | null = null;
  let exitCode: number = EXIT.ok;
  const context: Context = {
    io,
    client() {
      client ??= createClient(loadSettings(io.env), io.signal);
      return client;
    },
    exitWith(code) {
      exitCode = code;
    },
  };
  try {
    const program = await createProgram(context, argv);
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    return tellError(error, io);
  } finally {
    (client as Client | null)?.close();
  }
}

async function createProgram(context: Context, argv: readonly string[]): Promise<Command> {
  const { io } = context;
  const program = new Command('orion')
    .description('Rents out the machines of a fleet.')
    .version(VERSION, '-V, --version', 'print the version')
    .showHelpAfterError('(--help tells more)')
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .addHelpText(
      'after',
      '\nORION_URL, ORION_TOKEN and ORION_CA say where the API is and who asks (or ~/.config/orion/config.yaml).',
    );
  registerRent(program, context);
  registerGet(program, context);
  registerDescribe(program, context);
  registerExplain(program, context);
  registerSsh(program, context);
  registerRentals(program, context);
  registerNodes(program, context);
  registerToken(program, context);
  registerInventory(program, context);
  registerDaemon(program, context);
  registerCheck(program, context);
  program
    .command('version')
    .description('print the version')
    .action(() => io.out(`${VERSION}\n`));
  await registerLab(program, argv);
  return program;
}

/** What the lab is made of is loaded only for those who ask for it. */
async function registerLab(program: Command, argv: readonly string[]): Promise<void> {
  const word = argv.find((argument) => !argument.startsWith('-'));
  if (word !== undefined && word !== 'lab' && word !== 'help') return;
  const { registerLabCommands } = await import('../lab/commands.ts');
  registerLabCommands(program);
}
