import { type Command, Option } from 'commander';
import { type Config, parseConfig } from '../../config/config.ts';
import { CliError } from '../cli-error.ts';
import type { Context } from '../context.ts';
import { withHelp } from '../help.ts';

/** Commands that run the daemon or work on its database. Each loads its dependencies only when it runs. */
export function registerDaemon(program: Command, context: Context): void {
  const serve = program
    .command('serve')
    .description('run the daemon: the API, the reconciler, or both')
    .addOption(new Option('--only <half>', 'run one half alone').choices(['api', 'reconciler']))
    .action(async ({ only }: { only?: 'api' | 'reconciler' }) => {
      const config = requireConfig(context.io.env);
      const { serve } = await import('../../main.ts');
      context.exitWith(await serve(config, only === undefined ? {} : { only }));
    });
  withHelp(serve, {
    about:
      'Its settings are environment variables (docs/operations.md), each also as NAME_FILE; all invalid ones are ' +
      'reported at once. SIGTERM and SIGINT stop it, SIGHUP makes it reload its inventory.',
    examples: [
      ['orion serve', 'both halves in one process'],
      ['orion serve --only api', 'what faces clients, without a key to any node'],
    ],
    failed: 'a setting is invalid, or it could not continue',
  });

  const migrate = program
    .command('migrate')
    .description("bring the database's tables up to date")
    .action(() => migrateTables(context));
  withHelp(migrate, {
    about:
      'The daemon does this itself when it starts. Repeating it is harmless; several at once wait for each other.',
    examples: [['orion migrate', 'on the database that ORION_DATABASE_URL names']],
  });
}

async function migrateTables({ io }: Context): Promise<void> {
  const { databaseUrl } = requireConfig(io.env);
  const [{ createPool }, { migrate }] = await Promise.all([
    import('../../store/connection/pool.ts'),
    import('../../store/migration/migrate.ts'),
  ]);
  const pool = createPool({ url: databaseUrl });
  try {
    await migrate(pool);
    io.err('The tables are up to date.\n');
  } finally {
    await pool.close();
  }
}

/** All settings of the daemon. The error names every wrong one. */
export function requireConfig(env: Record<string, string | undefined>): Config {
  const result = parseConfig(env);
  if (result.ok) return result.config;
  throw new CliError(['some settings are not valid:', ...result.problems].join('\n  '), {
    hint: 'settings are environment variables; each may also be NAME_FILE, the path of a file with the value',
  });
}
