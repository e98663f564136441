import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { CliError } from './cli-error.ts';
import type { Io } from './io.ts';

/** Where the API is, and who asks. */
export interface Settings {
  url: URL;
  token: string;
  /** The CA that vouches for the API, PEM; null: the ones that the system trusts. */
  ca: string | null;
}

const fileSchema = z.strictObject({
  url: z.string().optional(),
  token: z.string().optional(),
  ca: z.string().optional(),
});

/** The environment before the file: what a shell has set is what its user looks at. */
export function loadSettings(env: Io['env']): Settings {
  const path = join(env.XDG_CONFIG_HOME || join(homeOf(env), '.config'), 'orion', 'config.yaml');
  const file = readSettingsFile(path);
  const url = env.ORION_URL || file.url;
  const token = env.ORION_TOKEN || file.token;
  const caPath = env.ORION_CA || file.ca;
  if (url === undefined) throw missing('ORION_URL', "the API's address", env, path);
  if (token === undefined) throw missing('ORION_TOKEN', 'your token', env, path);
  return { url: parseUrl(url), token, ca: caPath === undefined ? null : readCa(caPath) };
}

export function homeOf(env: Io['env']): string {
  return env.HOME || homedir();
}

function readSettingsFile(path: string): z.output<typeof fileSchema> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return {};
  }
  let value: unknown;
  try {
    value = parse(text) ?? {};
  } catch {
    throw new CliError(`${path} is not valid YAML`);
  }
  const parsed = fileSchema.safeParse(value);
  if (!parsed.success) {
    throw new CliError(`${path} may have the keys url, token and ca, each with text`);
  }
  return parsed.data;
}

function missing(name: string, what: string, env: Io['env'], path: string): CliError {
  const labEnv = join(env.ORION_HOME || '.orion', 'lab.env');
  const hint = existsSync(labEnv)
    ? `a lab was started here: run  source ${labEnv}`
    : `set ${name}, or write it to ${path}`;
  return new CliError(`${name} is not set: ${what} is not known`, { hint });
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new CliError(`ORION_URL is not an http or https address: ${text}`);
  }
  return url;
}

function readCa(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CliError(
      `the CA file ${path} (ORION_CA) can't be read: ${(error as NodeJS.ErrnoException).code}`,
    );
  }
}
