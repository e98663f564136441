import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DIFFERENCE_ID } from '../core/model/differences.ts';
import { FLEET_ID } from '../core/model/fleet-identity.ts';
import type { NodeTarget } from '../core/ports/node-access.ts';
import type { PlaybookRequest } from '../core/ports/playbooks.ts';
import { parsePublicKey } from '../core/text/public-key.ts';
import type { FenceStamps } from './fence-stamps.ts';

const ACCOUNT = /^r[a-z0-9]{7,15}$/;
const HOST = /^[A-Za-z0-9_:][A-Za-z0-9._:%-]*$/;
const USER = /^[A-Za-z_][A-Za-z0-9._-]*$/;
const HOST_KEY = /^[a-z0-9@.-]+ [A-Za-z0-9+/]{40,}={0,2}$/;
/** Paths go into a line of ssh options, where these characters have a meaning; templates start with a brace. */
const AWKWARD_PATH = /['"%$`\\{}\p{Cc}]/u;

/** What is wrong with the order itself; null when it may run. The module on the node checks the same again. */
export function findFault(target: NodeTarget, request: PlaybookRequest): string | null {
  if (!HOST.test(target.host)) return 'the host of the node is not a host name or address';
  if (!USER.test(target.user)) return 'the user of the node is not an account name';
  if (!Number.isInteger(target.port) || target.port < 1 || target.port > 65_535)
    return 'the port is not a port number';
  if (target.hostKey === null) return 'the host key of the node is not known yet, so Ansible may not connect';
  if (!HOST_KEY.test(target.hostKey)) return 'the host key of the node is not "type base64"';
  if (AWKWARD_PATH.test(target.privateKeyPath)) return 'the path of the private key has a special character';
  if (!Number.isSafeInteger(request.fence) || request.fence < 1)
    return 'the fence number is not a positive integer';
  if (target.adoptFrom && !FLEET_ID.test(target.adoptFrom))
    return 'the fleet to take it from is not a fleet id';
  const owner = ownerOf(request);
  if (owner) {
    if (!ACCOUNT.test(owner.account)) return 'the account name is not one that Orion makes';
    if (!Number.isInteger(owner.uid) || owner.uid < 20_000 || owner.uid > 59_999)
      return 'the uid is not from 20000 to 59999';
  }
  if (request.playbook === 'verify_clean') {
    if (!(request.accept ?? []).every((id) => DIFFERENCE_ID.test(id)))
      return 'what is to be accepted is not given as ids';
  }
  if (request.playbook === 'create_user') {
    const parsed = parsePublicKey(request.publicKey);
    // Not only valid but already in the rebuilt form: no comment, no blank, no second line.
    if (!parsed.ok || parsed.key !== request.publicKey)
      return 'the public key is not exactly "type base64" of a known type';
    if (!Number.isSafeInteger(request.expiresAt.getTime() / 1_000))
      return 'the end of access is not a whole second';
  }
  return null;
}

/** The account that a request is about, if any: the one to create, delete or keep. */
function ownerOf(request: PlaybookRequest): { account: string; uid: number } | null {
  if (request.playbook === 'remove_strays') return request.keep;
  return request.playbook === 'create_user' || request.playbook === 'delete_user' ? request : null;
}

export function isAwkwardPath(path: string): boolean {
  return AWKWARD_PATH.test(path);
}

/** Marked so that Ansible never takes it for a template, whatever it contains. */
function unsafe(text: string): object {
  return { __ansible_unsafe: text };
}

/** The fleet that gives the order. Without a fleet, it is an order by hand. */
function fleetOf(target: NodeTarget, { fence }: PlaybookRequest, stamps: FenceStamps | null): object {
  if (stamps === null) return {};
  const adopt = target.adoptFrom ? { adopt: target.adoptFrom } : {};
  return { orion_fleet: { id: stamps.fleet, stamp: stamps.make(target.name, fence), ...adopt } };
}

/** Half of the run's time. The removal then stops and reports how far it came, instead of being killed silently. */
function removalSeconds(timeoutMs: number): number {
  return Math.max(1, Math.floor(timeoutMs / 2_000));
}

function variablesOf(request: PlaybookRequest, timeoutMs: number): object {
  const variables: Record<string, unknown> = { orion_fence: request.fence };
  if (request.playbook === 'create_user' || request.playbook === 'delete_user') {
    variables.orion_account = unsafe(request.account);
    variables.orion_uid = request.uid;
  }
  if (request.playbook === 'delete_user') variables.orion_seconds = removalSeconds(timeoutMs);
  if (request.playbook === 'create_user') {
    variables.orion_public_key = unsafe(request.publicKey);
    variables.orion_expires_at = request.expiresAt.getTime() / 1_000;
  }
  if (request.playbook === 'prepare_node' || request.playbook === 'create_user') {
    if (request.limits) variables.orion_limits = request.limits;
  }
  if (request.playbook === 'prepare_node') variables.orion_keep_baseline = request.keepBaseline ?? false;
  if (request.playbook === 'verify_clean') {
    variables.orion_leave = request.leave ?? false;
    variables.orion_accept = (request.accept ?? []).map(unsafe);
  }
  if (request.playbook === 'remove_strays' && request.keep) {
    variables.orion_keep_account = unsafe(request.keep.account);
    variables.orion_keep_uid = request.keep.uid;
  }
  return variables;
}

function sshArguments(knownHosts: string, said: string): string {
  const options = [
    // One connection per run, gone with it: a shared one outlives the run that opened it and is not killed with it.
    'ControlMaster=no',
    'ControlPath=none',
    // The recorded key and no other. The alias makes the file's formats for host, port and address irrelevant.
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile="${knownHosts}"`,
    'GlobalKnownHostsFile=/dev/null',
    'HostKeyAlias=orion-node',
    'CheckHostIP=no',
    'UpdateHostKeys=no',
    'VerifyHostKeyDNS=no',
    // Only the control key, no agent, and never a prompt.
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    'PreferredAuthentications=publickey',
    'BatchMode=yes',
    'ForwardAgent=no',
    'ClearAllForwardings=yes',
    'ConnectTimeout=10',
    'ServerAliveInterval=5',
    'ServerAliveCountMax=4',
  ];
  // ssh's messages go to a file: Ansible loses them when ssh ends while the module is being sent, and would mix
  // them with the node's output.
  return ['-F /dev/null', `-E '${said}'`, ...options.map((option) => `-o '${option}'`)].join(' ');
}

function inventoryOf(target: NodeTarget, knownHosts: string, said: string, ansibleDir: string): object {
  const host = {
    ansible_connection: 'ssh',
    ansible_host: target.host,
    ansible_port: target.port,
    ansible_user: target.user,
    ansible_ssh_private_key_file: target.privateKeyPath,
    ansible_ssh_executable: join(ansibleDir, 'bounded_ssh.py'),
    ansible_ssh_args: sshArguments(knownHosts, said),
    ansible_pipelining: true,
    ansible_python_interpreter: '/usr/bin/python3',
    ansible_become: target.user !== 'root',
    ansible_become_method: 'sudo',
  };
  // One fixed name, because a node's name may be anything, such as `all`.
  return { all: { hosts: { node: host } } };
}

export interface RunFiles {
  variables: string;
  inventory: string;
  result: string;
  output: string;
  /** What ssh printed about the connection. */
  said: string;
}

/** Writes what one run reads into its own directory. `findFault` must have found no fault in the order. */
export async function writeRunFiles(
  directory: string,
  target: NodeTarget,
  request: PlaybookRequest,
  options: { timeoutMs: number; ansibleDir: string; stamps?: FenceStamps | null },
): Promise<RunFiles> {
  const knownHosts = join(directory, 'known_hosts');
  const files = {
    variables: join(directory, 'variables.json'),
    inventory: join(directory, 'inventory.json'),
    result: join(directory, 'result.json'),
    output: join(directory, 'output.log'),
    said: join(directory, 'ssh.log'),
  };
  const mode = 0o600;
  await writeFile(knownHosts, `orion-node ${target.hostKey}\n`, { mode });
  const variables = {
    ...variablesOf(request, options.timeoutMs),
    ...fleetOf(target, request, options.stamps ?? null),
  };
  await writeFile(files.variables, JSON.stringify(variables), { mode });
  await writeFile(
    files.inventory,
    JSON.stringify(inventoryOf(target, knownHosts, files.said, options.ansibleDir)),
    { mode },
  );
  return files;
}
