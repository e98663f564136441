import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Engine } from './engine.ts';

const COMPOSE = join(import.meta.dirname, '..');
const STAND_INS = join(import.meta.dirname, 'stand-ins.sh');

/** The base images of the project's Dockerfiles and compose files. */
async function listBaseImages(): Promise<string[]> {
  const files = ['Dockerfile', 'worker/Dockerfile', 'control-plane.yml'];
  const texts = await Promise.all(files.map((name) => readFile(join(COMPOSE, name), 'utf8')));
  const found = texts.join('\n').matchAll(/^ARG \w+=(\S+)|^ {4}image: \$\{MARIADB_IMAGE:-(\S+)\}/gm);
  return [...found].map(([, base, database]) => base ?? database ?? '');
}

/**
 * Pulls the base images where there is a registry, or else makes stand-ins of the same names. Returns the stand-ins,
 * which nobody should mistake for the real images.
 */
export async function ensureBaseImages({ env }: Engine): Promise<string[]> {
  const docker = (args: string[], timeout: number) => execa('docker', args, { env, timeout, reject: false });
  const missing: string[] = [];
  for (const image of await listBaseImages()) {
    if ((await docker(['image', 'inspect', image], 60_000)).exitCode !== 0) missing.push(image);
  }
  const [first] = missing;
  if (first === undefined) return [];
  // If one can't be pulled within a minute, the others can't either.
  const pulled = await docker(['pull', '--quiet', first], 60_000);
  if (pulled.exitCode === 0) {
    for (const image of missing) await execa('docker', ['pull', '--quiet', image], { env, timeout: 600_000 });
    return [];
  }
  process.stdout.write(`There is no registry; making stand-ins for ${missing.join(', ')}\n`);
  await execa(STAND_INS, missing, { env, timeout: 900_000, stdio: ['ignore', 'inherit', 'inherit'] });
  return ['debian:trixie-slim', ...missing];
}

/** Provides `docker compose`: where only docker-compose 1 is there, from the package of Debian's next release. */
export async function ensureComposePlugin({ env }: Engine, home: string): Promise<void> {
  const has = async () =>
    (await execa('docker', ['compose', 'version'], { env, reject: false })).exitCode === 0;
  if (await has()) return;
  const config = join(home, 'docker', 'config');
  const plugin = join(config, 'cli-plugins', 'docker-compose');
  if (!existsSync(plugin)) {
    const fetch = `cd /tmp && { apt-get update && apt-get download docker-compose; } >&2
      dpkg-deb --fsys-tarfile docker-compose_*.deb | tar -xO ./usr/libexec/docker/cli-plugins/docker-compose`;
    const { stdout } = await execa('docker', ['run', '--rm', 'debian:trixie-slim', 'bash', '-c', fetch], {
      env,
      encoding: 'buffer',
      stripFinalNewline: false,
      maxBuffer: 200_000_000,
      timeout: 180_000,
    });
    await mkdir(join(config, 'cli-plugins'), { recursive: true });
    await writeFile(plugin, stdout);
    await chmod(plugin, 0o755);
  }
  env.DOCKER_CONFIG = config;
  if (!(await has())) throw new Error('the plugin `docker compose` does not work');
}
