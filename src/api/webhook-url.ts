import { BlockList, isIP } from 'node:net';

/** Addresses that a webhook must never name: this machine, its network, and what is not meant for unicast. */
const forbidden = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  forbidden.addSubnet(network, bits, 'ipv4');
}
for (const [network, bits] of [
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const) {
  forbidden.addSubnet(network, bits, 'ipv6');
}

/** Why the URL may not be called, or null. Names are looked up, and refused again, when they are called. */
export function refuseWebhookUrl(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || url.protocol !== 'https:') return 'must be an https URL';
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or password';
  // URL has already turned 127.1, 0x7f000001 and the like into four plain numbers.
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const isLocalName = !host.includes('.') || /(^|\.)(localhost|local|internal|lan|home\.arpa)$/.test(host);
  if (isIP(host) === 0) return isLocalName ? 'must not name a host of the local network' : null;
  return isForbidden(host) ? 'must not name a private, loopback or link-local address' : null;
}

function isForbidden(address: string): boolean {
  if (isIP(address) === 4) return forbidden.check(address, 'ipv4');
  // ::ffff:a.b.c.d reaches a.b.c.d; BlockList looks such addresses up among the IPv4 ones.
  return forbidden.check(address, 'ipv6');
}
