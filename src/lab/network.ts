import { execa } from 'execa';

/** Nodes in this range get their own network namespace, connected by a veth pair, as partition tests need. */
const OWN_NETWORK = /^10\.231\.\d{1,3}\.\d{1,3}$/;
/** The host's side of every pair. Pairs are point to point, so that all of them can share it. */
const GATEWAY = '10.231.255.254';
const DEADLINE_MS = 30_000;

export function needsOwnNetwork(host: string): boolean {
  return OWN_NETWORK.test(host);
}

/** Device names have 15 characters at most. The address in hexadecimal keeps them unique, also across labs. */
export function deviceName(host: string): string {
  const hex = host.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  return `orion${hex.join('')}`;
}

/** Connects the network namespace of process `pid` to this machine, with `host` as the address inside. */
export async function connectNetwork(host: string, pid: number): Promise<void> {
  await disconnectNetwork(host);
  const device = deviceName(host);
  const inside = ['nsenter', `--target=${pid}`, '--net', 'ip'];
  const commands = [
    ['ip', 'link', 'add', device, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid)],
    ['ip', 'addr', 'add', GATEWAY, 'peer', host, 'dev', device],
    ['ip', 'link', 'set', device, 'up'],
    [...inside, 'addr', 'add', host, 'peer', GATEWAY, 'dev', 'eth0'],
    [...inside, 'link', 'set', 'lo', 'up'],
    [...inside, 'link', 'set', 'eth0', 'up'],
  ];
  for (const [command, ...args] of commands) await execa(command as string, args, { timeout: DEADLINE_MS });
}

/** The kernel removes the pair with the namespace, but a little later. The name must be free at once. */
export async function disconnectNetwork(host: string): Promise<void> {
  await execa('ip', ['link', 'delete', deviceName(host)], { timeout: DEADLINE_MS, reject: false });
}
