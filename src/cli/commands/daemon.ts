import { type Command, Option } from 'commander';
import { type Config, parseConfig } from '../../config.ts';
import { CliError } from '../cli-error.ts';
import type { Context } from '../context.ts';

/** Commands that are the daemon, or work on its database. What they need is loaded when they run. */
export function registerDaemon(program: Command, context: Context): void {
  program
    .command('serve')
    .description('run the daemon: the API, the reconciler, or both')
    .addOption(new Option('--only <half>', 'run one half alone').choices(['api', 'reconciler']))
    .action(async ({ only }: { only?: 'api' | 'reconciler' }) => {
      const config = requireConfig(context.io.env);
      const { serve } = await import('../../main.ts');
      context.exitWith(await serve(config, only === undefined ? {} : { only }));
    });

  program
    .command('migrate')
    .description("bring the database's tables up to date")
    .action(async () => {
      const { databaseUrl } = requireConfig(context.io.env);
      const [{ createPool }, { migrate }] = await Promise.all([
        import('../../store/pool.ts'),
        import('../../store/migrate.ts'),
      ]);
      const pool = createPool({ url: databaseUrl });
      try {
        await migrate(pool);
        context.io.err('The tables are up to date.\n');
      } finally {
        await pool.close();
      }
    });
}

/** All settings of the daemon; the error names every one that is wrong. */
export function requireConfig(env: Record<string, string | undefined>): Config {
  const result = parseConfig(env);
  if (result.ok) return result.config;
  throw new CliError(['the settings are not right:', ...result.problems].join('\n  '), {
    hint: 'settings are environment variables; each may also be NAME_FILE, the path of a file with the value',
  });
}
