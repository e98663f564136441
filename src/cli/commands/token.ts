import { type Command, Option } from 'commander';
import type { Token } from '../../client/protocol/operations.ts';
import { formatDuration } from '../../core/text/duration.ts';
import { durationMs } from '../arguments.ts';
import { CliError } from '../cli-error.ts';
import type { Context } from '../context.ts';
import { withHelp } from '../help.ts';
import { createPrinter, type Format, isForPeople, printData, withOutput } from '../output.ts';
import type { Resource } from '../resources.ts';
import { formatAge, formatLeft, printable } from '../table.ts';
import { requireConfig } from './daemon.ts';

interface CreateOptions {
  tenant: string;
  role: 'tenant' | 'admin';
  name?: string;
  ttl?: number;
  output?: Format;
}

const WHERE =
  'Works on the database when ORION_DATABASE_URL is set, else through the API, for administrators.';

const TOKENS: Resource<Token> = {
  singular: 'token',
  nameOf: (token) => token.id,
  idOf: (token) => token.id,
  columns: () => [
    { header: 'ID', cell: (token) => token.id },
    { header: 'TENANT', cell: (token) => token.tenant },
    { header: 'ROLE', cell: (token) => token.role },
    { header: 'NAME', cell: (token) => printable(token.name ?? '-') },
    {
      header: 'EXPIRES',
      cell: (token, now) => (token.revokedAt === null ? formatLeft(token.expiresAt, now) : 'revoked'),
    },
    { header: 'AGE', cell: (token, now) => formatAge(token.createdAt, now) },
    { header: 'CREATED', wide: true, cell: (token) => token.createdAt },
  ],
};

interface NewToken {
  id: string;
  token: string;
}

/** Where tokens are kept: the database when its address is set (which is how the first ones are made), or the API. */
interface Tokens {
  create(options: CreateOptions): Promise<NewToken>;
  list(): Promise<Token[]>;
  revoke(id: string): Promise<void>;
}

export function registerToken(program: Command, context: Context): void {
  const token = program.command('token').description('tokens of tenants and administrators');
  const createCommand = withOutput(
    token
      .command('create')
      .description('create a token; its secret is shown only once')
      .requiredOption('--tenant <tenant>', 'whose rentals it may see and change')
      .addOption(new Option('--role <role>', 'what it may do').choices(['tenant', 'admin']).default('tenant'))
      .option('--name <name>', 'what it is for')
      .option('--ttl <duration>', 'how long it is valid; by default forever', durationMs),
    ['json', 'yaml'],
  ).action((options: CreateOptions) => withTokens(context, (tokens) => create(context, tokens, options)));
  withHelp(createCommand, {
    about: `${WHERE} The secret alone goes to stdout.`,
    examples: [
      ['orion token create --tenant demo --name ci --ttl 720h', 'for a month, for a program'],
      ['orion token create --tenant operator --role admin', 'for an administrator'],
    ],
  });

  const listCommand = withOutput(
    token.command('list').description('list tokens, without their secrets'),
  ).action((options: { output?: Format }) =>
    withTokens(context, async (tokens) => printTokens(context, await tokens.list(), options.output)),
  );
  withHelp(listCommand, {
    about: WHERE,
    examples: [['orion token list', 'who has one, and until when']],
  });

  const revokeCommand = withOutput(
    token
      .command('revoke')
      .description('revoke tokens at once')
      .argument('<token...>', 'ids of tokens, as listed'),
    ['name'],
  ).action((ids: string[], options: { output?: Format }) =>
    withTokens(context, async (tokens) => {
      for (const id of ids.map((text) => text.replace(/^token\//, ''))) {
        await tokens.revoke(id);
        context.io.out(`token/${id}${options.output === 'name' ? '' : ' revoked'}\n`);
      }
    }),
  );
  withHelp(revokeCommand, {
    about: `${WHERE} Watches that it opened end within a second.`,
    examples: [['orion token revoke t_4k2m9x7q', 'it is refused from now on']],
    failed: 'failed, or there is no such token that is valid',
  });
}

/** Also `orion get tokens`. */
export function registerGetTokens(get: Command, context: Context): void {
  const command = withOutput(
    get.command('tokens').alias('token').description('tokens, without their secrets'),
  ).action((options: { output?: Format }) =>
    withTokens(context, async (tokens) => printTokens(context, await tokens.list(), options.output)),
  );
  withHelp(command, { about: WHERE, examples: [['orion get tokens', 'who has one, and until when']] });
}

async function create({ io }: Context, tokens: Tokens, options: CreateOptions): Promise<void> {
  const { id, token } = await tokens.create(options);
  const { tenant, role } = options;
  if (printData(io, options.output, { id, token, tenant, role })) return;
  io.err(
    `Token ${id} for ${role === 'admin' ? 'administrator' : 'tenant'} ${tenant}; it is shown only once:\n`,
  );
  io.out(`${token}\n`);
}

function printTokens({ io }: Context, tokens: Token[], format: Format | undefined): void {
  createPrinter(io, TOKENS, format).list(tokens);
  if (tokens.length === 0 && isForPeople(format)) io.err('There are no tokens.\n');
}

async function withTokens(context: Context, work: (tokens: Tokens) => Promise<void>): Promise<void> {
  const { env } = context.io;
  if (!env.ORION_DATABASE_URL && !env.ORION_DATABASE_URL_FILE) return work(tokensOfApi(context));
  const { databaseUrl } = requireConfig(env);
  const { createPool } = await import('../../store/connection/pool.ts');
  const pool = createPool({ url: databaseUrl });
  try {
    await work(await tokensOfDatabase(context, pool));
  } finally {
    await pool.close();
  }
}

function tokensOfApi(context: Context): Tokens {
  const client = context.client();
  return {
    create: ({ tenant, role, name, ttl }) =>
      client.call('createToken', {
        body: {
          tenant,
          role,
          ...(name === undefined ? {} : { name }),
          ...(ttl === undefined ? {} : { expiresIn: formatDuration(ttl) }),
        },
      }),
    list: () => client.listAll('listTokens', {}),
    async revoke(id) {
      await client.call('revokeToken', { params: { id } });
    },
  };
}

type StorePool = Parameters<typeof import('../../store/store.ts')['createStore']>[0];

async function tokensOfDatabase(context: Context, pool: StorePool): Promise<Tokens> {
  const [{ createStore }, { createTokenSecret }] = await Promise.all([
    import('../../store/store.ts'),
    import('../../secrets/token-secret.ts'),
  ]);
  const store = createStore(pool);
  return {
    async create({ tenant, role, name, ttl }) {
      const { id, token, hash } = createTokenSecret();
      const createdAt = context.io.now();
      const expiresAt = ttl === undefined ? null : expiry(context, ttl);
      const made = { id, name: name ?? null, tenant, role, createdAt, expiresAt };
      await store.createToken({ ...made, hash }, eventOf('token.created', made, createdAt));
      return { id, token };
    },
    async list() {
      const tokens = await store.listTokens();
      return tokens.map((token) => ({
        ...token,
        createdAt: token.createdAt.toISOString(),
        expiresAt: token.expiresAt?.toISOString() ?? null,
        revokedAt: token.revokedAt?.toISOString() ?? null,
      }));
    },
    async revoke(id) {
      const now = context.io.now();
      const found = (await store.listTokens()).find((token) => token.id === id);
      if (!found || !(await store.revokeToken(id, now, eventOf('token.revoked', found, now))))
        throw new CliError(`there is no valid token ${id}`);
    },
  };
}

/** There is no actor, since no API was involved: the author had the database's address and password. */
function eventOf(
  type: 'token.created' | 'token.revoked',
  { id, name, tenant, role }: { id: string; name: string | null; tenant: string; role: string },
  at: Date,
) {
  const message = `${name ?? id}, ${role} of ${tenant}; by somebody with access to the database`;
  const about = { rentalId: null, node: null, tenant, object: null };
  return { type, at, ...about, reason: 'Accepted', message };
}

function expiry(context: Context, ttlMs: number): Date {
  return new Date(context.io.now().getTime() + ttlMs);
}
