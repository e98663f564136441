import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { askDaemon, daemonEnvironment, orionCommand } from './daemon.ts';
import { caPathOf } from './proxy.ts';
import { CHECKOUT, type LabSettings } from './settings.ts';

export interface LabTokens {
  tenant: string;
  admin: string;
}

/**
 * The lab's two tokens, made once and kept in `lab.env`, which a shell can source. New ones are made when the
 * database no longer knows them, for instance after its folder was removed.
 */
export async function ensureTokens(settings: LabSettings, databaseUrl: string): Promise<LabTokens> {
  const path = join(settings.home, 'lab.env');
  const saved = parse(await readFile(path, 'utf8').catch(() => ''));
  const isKnown = async (token: string) =>
    token !== '' && (await askDaemon(settings.home, 'daemon_1', '/api/rentals?limit=1', token)) !== 401;
  const make = (tenant: string, role: string) => createToken(settings, databaseUrl, tenant, role);
  const tokens = {
    tenant: (await isKnown(saved.tenant)) ? saved.tenant : await make('demo', 'tenant'),
    admin: (await isKnown(saved.admin)) ? saved.admin : await make('operator', 'admin'),
  };
  const lines = {
    ORION_URL: `https://localhost:${settings.httpsPort}`,
    ORION_CA: caPathOf(settings.home),
    ORION_TOKEN: tokens.tenant,
    ORION_ADMIN_TOKEN: tokens.admin,
    ORION_HOME: settings.home,
  };
  const text = Object.entries(lines).map(
    ([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'\n`,
  );
  await writeFile(`${path}.new`, text.join(''), { mode: 0o600 });
  await rename(`${path}.new`, path);
  return tokens;
}

function parse(text: string): LabTokens {
  const find = (name: string) => new RegExp(`^export ${name}='([^']*)'$`, 'm').exec(text)?.[1] ?? '';
  return { tenant: find('ORION_TOKEN'), admin: find('ORION_ADMIN_TOKEN') };
}

async function createToken(
  settings: LabSettings,
  databaseUrl: string,
  tenant: string,
  role: string,
): Promise<string> {
  const { command, args } = orionCommand([
    'token',
    'create',
    '--tenant',
    tenant,
    '--role',
    role,
    '--name',
    'lab',
    '-o',
    'json',
  ]);
  // Without ORION_URL the command works on the database, which needs no token.
  const { ORION_URL: _url, ORION_TOKEN: _token, ...env } = daemonEnvironment(settings, databaseUrl);
  const result = await execa(command, args, {
    cwd: CHECKOUT,
    env: { ...env, ORION_LAB: settings.home },
    extendEnv: false,
    timeout: 120_000,
    reject: false,
    input: '',
  });
  if (result.exitCode !== 0) throw new Error(`The ${role}'s token could not be made: ${result.stderr}`);
  const { token } = JSON.parse(result.stdout) as { token?: unknown };
  if (typeof token !== 'string')
    throw new Error(`The ${role}'s token could not be made: no token in the answer`);
  return token;
}
