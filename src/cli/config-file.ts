import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { CliError } from './cli-error.ts';
import type { Io } from './io.ts';

const configSchema = z.strictObject({
  url: z.string().optional(),
  token: z.string().optional(),
  /** Path of the CA file. */
  ca: z.string().optional(),
});
export type ConfigFile = z.output<typeof configSchema>;

export function homeOf(env: Io['env']): string {
  return env.HOME || homedir();
}

/** `~/.config/orion/config.yaml`, which `orion login` writes. */
export function configPath(env: Io['env']): string {
  return join(env.XDG_CONFIG_HOME || join(homeOf(env), '.config'), 'orion', 'config.yaml');
}

/** The content of the file; empty when there is none. */
export function readConfigFile(path: string): ConfigFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return {};
    throw new CliError(`${path} can't be read: ${code}`);
  }
  let value: unknown;
  try {
    value = parse(text) ?? {};
  } catch {
    throw new CliError(`${path} is not valid YAML`);
  }
  const parsed = configSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new CliError(`${path} may have the keys url, token and ca, each with text`);
}

/** Replaces the file atomically and readable only by its owner, since it holds a token. */
export function writeConfigFile(path: string, config: ConfigFile): void {
  const draft = `${path}.${process.pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(draft, stringify(config), { mode: 0o600 });
    // A draft left by a killed run would keep its old mode.
    chmodSync(draft, 0o600);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new CliError(`${path} can't be written: ${(error as NodeJS.ErrnoException).code}`);
  }
}
