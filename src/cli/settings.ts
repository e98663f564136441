import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CliError } from './cli-error.ts';
import { configPath, readConfigFile } from './config-file.ts';
import type { Io } from './io.ts';

/** The API's address and the caller's credentials. */
export interface Settings {
  url: URL;
  token: string;
  /** The CA that vouches for the API, as PEM; null: those that the system trusts. */
  ca: string | null;
}

/** The environment takes precedence over the file: the user can see what their shell has set. */
export function loadSettings(env: Io['env']): Settings {
  const path = configPath(env);
  const file = readConfigFile(path);
  const url = env.ORION_URL || file.url;
  const token = env.ORION_TOKEN || file.token;
  if (url === undefined) throw missing('ORION_URL', "the API's address", env);
  if (token === undefined) throw missing('ORION_TOKEN', 'your token', env);
  // Otherwise, whatever a command printed beside the token would come back as an HTTP error.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new CliError(`${env.ORION_TOKEN ? 'ORION_TOKEN' : path} holds more than a token`);
  }
  const ca = env.ORION_CA ? readCa(env.ORION_CA, 'ORION_CA') : file.ca ? readCa(file.ca, path) : null;
  return { url: parseUrl(url, env.ORION_URL ? 'ORION_URL' : path), token, ca };
}

function missing(name: string, what: string, env: Io['env']): CliError {
  const labEnv = join(env.ORION_HOME || '.orion', 'lab.env');
  const hint = existsSync(labEnv)
    ? `a lab was started here: run  source ${labEnv}`
    : `sign in with  orion login URL  or set ${name}`;
  return new CliError(`${name} is not set: ${what} is not known`, { hint });
}

/** `from` says where the address was written, for the error. */
export function parseUrl(text: string, from: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new CliError(`${from} is not an http or https address: ${text}`);
  }
  return url;
}

export function readCa(path: string, from: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CliError(
      `the CA file ${path} (${from}) can't be read: ${(error as NodeJS.ErrnoException).code}`,
    );
  }
}
