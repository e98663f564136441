import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { NodeSpec } from '../core/model/node.ts';
import { loadInventory } from '../inventory/load.ts';
import { needsOwnNetwork } from './network.ts';

/** Something that a person has to put right. Printed in one sentence, without a stack. */
export class LabError extends Error {
  override name = 'LabError';
}

export const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

export interface LabSettings {
  home: string;
  inventoryPath: string;
  nodes: NodeSpec[];
  httpsPort: number;
  replicas: number;
}

export type Environment = Record<string, string | undefined>;

export function homeOf(env: Environment): string {
  return resolve(env.ORION_HOME ?? join(CHECKOUT, '.orion'));
}

export async function readSettings(env: Environment): Promise<LabSettings> {
  const home = homeOf(env);
  checkHome(home);
  if (readNumber(env, 'ORION_DB_NODES', 1, 9) > 1) {
    throw new LabError('ORION_DB_NODES: this lab runs its database as one server; leave it out.');
  }
  const inventoryPath = resolve(env.ORION_INVENTORY ?? join(CHECKOUT, 'inventory.yaml'));
  const loaded = await loadInventory(inventoryPath, { ...env, ORION_HOME: home });
  if (!loaded.ok) throw new LabError(loaded.problems.join('\n'));
  loaded.inventory.nodes.forEach(checkNode);
  return {
    home,
    inventoryPath,
    nodes: loaded.inventory.nodes,
    httpsPort: readNumber(env, 'ORION_HTTPS_PORT', 8443, 65_535),
    replicas: readNumber(env, 'ORION_REPLICAS', 1, 9),
  };
}

/** The longest socket path under ORION_HOME decides: a unix socket's address holds 108 bytes, with the NUL. */
function checkHome(home: string): void {
  const longest = Buffer.byteLength(join(home, 'run', 'daemon_1.sock'));
  if (longest <= 107) return;
  throw new LabError(
    `ORION_HOME (${home}) is ${longest - 107} characters too long for the unix sockets in it; choose a shorter one.`,
  );
}

export function checkNode(node: NodeSpec): void {
  const onThisMachine = /^127\.\d+\.\d+\.\d+$/.test(node.host) || needsOwnNetwork(node.host);
  if (!onThisMachine) {
    throw new LabError(
      `${node.name}: the lab makes its workers on this machine, so their host must be in 127.0.0.0/8 or 10.231.0.0/16, not ${node.host}.`,
    );
  }
  if (node.user !== 'root')
    throw new LabError(`${node.name}: a worker of the lab is reached as root, not ${node.user}.`);
}

function readNumber(env: Environment, name: string, fallback: number, largest: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= largest) return value;
  throw new LabError(`${name}: expected a number from 1 to ${largest}, not "${text}".`);
}

/** The public half of the key that opens the node, according to the inventory. */
export async function publicKeyOf(node: NodeSpec): Promise<string> {
  const saved = await readFile(`${node.privateKeyPath}.pub`, 'utf8').catch(() => null);
  if (saved !== null) return saved.trim();
  const derived = await execa('ssh-keygen', ['-y', '-f', node.privateKeyPath], {
    reject: false,
    timeout: 60_000,
    input: '',
  });
  if (derived.exitCode === 0) return derived.stdout.trim();
  throw new LabError(`${node.name}: there is no usable private key at ${node.privateKeyPath}.`);
}
