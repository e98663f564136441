import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { formatFleetIdentity } from '../../core/model/fleet-identity.ts';
import { createFleetIdentity } from '../../secrets/fleet-identity-file.ts';
import { CliError } from '../cli-error.ts';
import type { Context } from '../context.ts';
import { withHelp } from '../help.ts';

/** Users that read the secrets. The same ids are in compose/control-plane.yml and compose/Dockerfile. */
const ORION = 10_001;
const MARIADB = 999;

interface Secret {
  name: string;
  owner: number;
  mode: number;
}

const SECRETS = {
  rootPassword: { name: 'db_root_password', owner: MARIADB, mode: 0o400 },
  apiPassword: { name: 'db_api_password', owner: MARIADB, mode: 0o400 },
  reconcilerPassword: { name: 'db_reconciler_password', owner: MARIADB, mode: 0o400 },
  apiUrl: { name: 'api_database_url', owner: ORION, mode: 0o400 },
  reconcilerUrl: { name: 'reconciler_database_url', owner: ORION, mode: 0o400 },
  controlKey: { name: 'control_ed25519', owner: ORION, mode: 0o400 },
  fleetIdentity: { name: 'fleet_identity', owner: ORION, mode: 0o400 },
  controlKeyPublic: { name: 'control_ed25519.pub', owner: ORION, mode: 0o444 },
  webhookKey: { name: 'webhook_key', owner: ORION, mode: 0o400 },
  firstTokenHash: { name: 'first_token_hash', owner: ORION, mode: 0o400 },
} satisfies Record<string, Secret>;

export function registerInit(program: Command, context: Context): void {
  const command = program
    .command('init')
    .description('make what the compose files need: keys, passwords, the first token')
    .argument('[folder]', 'where control-plane.yml is', 'compose')
    .action((folder: string) => init(context, resolve(folder)));
  withHelp(command, {
    about:
      'Writes FOLDER/secrets and FOLDER/.env and prints the first token, alone, on standard output. What is ' +
      'already there is kept, so it can be run again; the token is shown only when it is made. Without Node.js ' +
      'on the machine: docker compose -f compose/init.yml run --rm init',
    examples: [
      ['orion init', 'in the checkout'],
      ['orion init /srv/orion/compose', 'for the compose files there'],
    ],
    failed: 'failed; what was already made is kept',
  });
}

async function init({ io }: Context, folder: string): Promise<void> {
  const example = await readOrNull(join(folder, '.env.example'));
  if (example === null) {
    throw new CliError(`${folder} has no .env.example`, { hint: "name Orion's compose folder" });
  }
  const secrets = createSecrets(join(folder, 'secrets'));
  await mkdir(secrets.folder, { recursive: true, mode: 0o755 });
  await secrets.ensure(SECRETS.rootPassword, createPassword);
  await ensureDatabaseUser(secrets, 'orion_api', SECRETS.apiPassword, SECRETS.apiUrl);
  await ensureDatabaseUser(secrets, 'orion_reconciler', SECRETS.reconcilerPassword, SECRETS.reconcilerUrl);
  await secrets.ensure(SECRETS.webhookKey, () => randomBytes(32).toString('base64'));
  await secrets.ensure(SECRETS.fleetIdentity, () => formatFleetIdentity(createFleetIdentity()));
  await ensureEnv(folder, example, await ensureControlKey(secrets));
  // Not the whole path: it differs inside a container.
  const name = basename(folder);
  io.err(`${name}/secrets and ${name}/.env are now complete.\n`);
  // Last, because a token that was made but not shown would be useless.
  const { createTokenSecret } = await import('../../secrets/token-secret.ts');
  const { id, token, hash } = createTokenSecret();
  if ((await secrets.ensure(SECRETS.firstTokenHash, () => `${id}:${hash}`)) !== `${id}:${hash}`) {
    io.err('The first token was made and shown before. For another one, once the control plane runs:\n');
    io.err('  docker compose -f compose/control-plane.yml exec api orion token create --tenant NAME\n');
    return;
  }
  io.err("The first administrator's token; it is shown only once:\n");
  io.out(`${token}\n`);
}

type Secrets = ReturnType<typeof createSecrets>;

function createSecrets(folder: string) {
  return {
    folder,
    /** Returns the file's content, creating the file first when there is none. It is written atomically. */
    async ensure({ name, owner, mode }: Secret, make: () => string): Promise<string> {
      const path = join(folder, name);
      const found = await readOrNull(path);
      if (found !== null) return found.trim();
      const text = make();
      await writeFile(`${path}.new`, `${text.trim()}\n`, { mode: 0o600 });
      await chmod(`${path}.new`, mode);
      // Only root can give a file away. Other users keep their files.
      if (process.getuid?.() === 0) await chown(`${path}.new`, owner, owner);
      await rename(`${path}.new`, path);
      return text.trim();
    },
  };
}

async function ensureDatabaseUser(
  secrets: Secrets,
  user: string,
  password: Secret,
  url: Secret,
): Promise<void> {
  const secret = await secrets.ensure(password, createPassword);
  await secrets.ensure(url, () => `mysql://${user}:${secret}@db:3306/orion`);
}

/** Returns the public half. Both halves are made together. */
async function ensureControlKey(secrets: Secrets): Promise<string> {
  const { createKeyPair } = await import('../../secrets/key-pair.ts');
  const pair = createKeyPair('orion control');
  const privateKey = await secrets.ensure(SECRETS.controlKey, () => pair.privateKey);
  if (privateKey === pair.privateKey.trim()) {
    return await secrets.ensure(SECRETS.controlKeyPublic, () => pair.publicKey);
  }
  const publicKey = await readOrNull(join(secrets.folder, SECRETS.controlKeyPublic.name));
  if (publicKey !== null) return publicKey.trim();
  throw new CliError(`there is ${SECRETS.controlKey.name}, but not its public half`, {
    hint: `ssh-keygen -y -f ${join(secrets.folder, SECRETS.controlKey.name)} prints it`,
  });
}

/** Compose reads `.env` beside its file. An existing one belongs to the operator: only what is missing is added. */
async function ensureEnv(folder: string, example: string, publicKey: string): Promise<void> {
  const path = join(folder, '.env');
  const found = await readOrNull(path);
  const text = found ?? example;
  if (/^ORION_CONTROL_PUBLIC_KEY=./m.test(text)) return;
  const rest = text.replace(/^ORION_CONTROL_PUBLIC_KEY=\n?/m, '').trimEnd();
  await writeFile(path, `${rest}\nORION_CONTROL_PUBLIC_KEY=${publicKey}\n`);
  // It belongs to the folder's owner, who will edit it.
  const { uid, gid } = await stat(folder);
  if (process.getuid?.() === 0) await chown(path, uid, gid);
}

/** Letters and digits only, so that it needs no quoting in a URL, in SQL or in a shell. */
function createPassword(): string {
  return randomBytes(24).toString('hex');
}

async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw new CliError(`${path} can't be read: ${code}`);
  }
}
