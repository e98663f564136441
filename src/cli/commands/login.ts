import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { type Client, createClient } from '../../client/client.ts';
import { ApiError } from '../../client/protocol/errors.ts';
import { CliError, EXIT } from '../cli-error.ts';
import { configPath, readConfigFile, writeConfigFile } from '../config-file.ts';
import type { Context } from '../context.ts';
import { withHelp } from '../help.ts';
import { parseUrl, readCa } from '../settings.ts';

interface LoginOptions {
  token?: string;
  ca?: string;
}

export function registerLogin(program: Command, context: Context): void {
  const login = program
    .command('login')
    .description('save the address of the API and your token for later commands')
    .argument('[url]', 'address of the API, such as https://orion.example; by default the last one')
    .option('--token <file>', 'file with your token, - for standard input; by default it asks')
    .option('--ca <file>', 'CA to verify the API with; by default those of the system')
    .action((url: string | undefined, options: LoginOptions) => logIn(context, url, options));
  withHelp(login, {
    about:
      'The token is tried before anything is written to ~/.config/orion/config.yaml, which only you can read. ' +
      'ORION_URL, ORION_TOKEN and ORION_CA override what is written there.',
    examples: [
      ['orion login https://orion.example', 'asks for the token, and does not show it'],
      ['orion login https://localhost:8443 --ca ca.crt', 'a lab, with its own CA'],
      ['pass orion | orion login https://orion.example --token -', 'from another program'],
    ],
    failed: 'the API does not answer, or refuses the token; nothing was changed',
    otherCodes: '130  ended with Ctrl-C',
  });

  const logout = program
    .command('logout')
    .description('forget the saved token; it stays valid')
    .action(() => logOut(context));
  withHelp(logout, {
    about:
      'The address of the API is kept. To invalidate a token, an administrator revokes it: orion token revoke.',
    examples: [['orion logout', 'on this machine, for this user']],
  });
}

async function logIn({ io }: Context, urlText: string | undefined, options: LoginOptions): Promise<void> {
  const path = configPath(io.env);
  const before = readConfigFile(path);
  const text = urlText ?? before.url;
  if (text === undefined) {
    throw new CliError('the address of the API is missing', {
      exitCode: EXIT.usage,
      hint: 'orion login https://orion.example',
    });
  }
  const url = parseUrl(text, urlText === undefined ? path : 'the argument');
  // What was kept for one API does not apply to another.
  const isSame =
    before.url !== undefined && URL.canParse(before.url) && new URL(before.url).href === url.href;
  const caPath = options.ca === undefined ? (isSame ? before.ca : undefined) : resolve(options.ca);
  const ca = caPath === undefined ? null : readCa(caPath, options.ca === undefined ? path : '--ca');
  const token = await readToken({ io }, url, options.token);
  const client = createClient({ url, token, ca }, io.signal);
  try {
    await tryToken(client, url);
  } finally {
    client.close();
  }
  writeConfigFile(path, { url: text, token, ...(caPath === undefined ? {} : { ca: caPath }) });
  io.err(`Signed in to ${url.origin}; saved in ${path}\n`);
  const set = ['ORION_URL', 'ORION_TOKEN', 'ORION_CA'].filter((name) => io.env[name]);
  if (set.length > 0)
    io.err(`But ${set.join(' and ')} in this shell's environment override it: unset ${set.join(' ')}\n`);
}

async function tryToken(client: Client, url: URL): Promise<void> {
  try {
    const answer = await client.call('listRentals', { query: { limit: 1 } });
    if (!Array.isArray(answer?.items)) throw new CliError(`what answers at ${url.origin} is not Orion`);
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 401)) throw error;
    throw new CliError(`${url.origin} refuses the token`, {
      hint: 'administrators create tokens: orion token create',
    });
  }
}

async function readToken({ io }: Pick<Context, 'io'>, url: URL, source: string | undefined): Promise<string> {
  if (source === undefined && !io.input.isTerminal) {
    throw new CliError('there is no terminal to ask for the token on', {
      exitCode: EXIT.usage,
      hint: 'give it with --token FILE, or --token - and standard input',
    });
  }
  const text =
    source === undefined
      ? await io.input.ask(`Token for ${url.origin}: `, { secret: true })
      : source === '-'
        ? await io.input.readAll()
        : readTokenFile(source);
  const token = text.trim();
  if (token === '') throw new CliError('the token is empty');
  // It becomes part of a header line.
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new CliError('that is not a token: it has blanks or invalid characters');
  return token;
}

function readTokenFile(path: string): string {
  // As an argument, the token would be visible to everybody in the process list.
  if (path.startsWith('orion_')) {
    throw new CliError('--token takes a file, because others can see the arguments of a command', {
      exitCode: EXIT.usage,
      hint: 'leave it out to be asked, or use --token - and standard input; that token should be revoked',
    });
  }
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CliError(`the token file ${path} can't be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function logOut({ io }: Context): void {
  const path = configPath(io.env);
  const { token, ...rest } = readConfigFile(path);
  if (token === undefined) {
    io.err('No token was saved.\n');
    return;
  }
  writeConfigFile(path, rest);
  io.err(`The token was removed from ${path}\n`);
}
