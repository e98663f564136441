import { BAD_PORTS } from './bad-ports.ts';
import { SHOWABLE_TEXT } from './escape-text.ts';
import { isInside, type Network, parseAddress, parseNetwork } from './ip-address.ts';

/** What the operator allows webhooks beyond https to public addresses. */
export interface WebhookAllowance {
  /** Addresses that may be called even though they are not public. */
  networks: Network[];
  /** Hosts that may be called whatever their names resolve to. */
  hosts: string[];
  /** Allows http without TLS. */
  plainHttp: boolean;
}

export const NOTHING_ALLOWED: WebhookAllowance = { networks: [], hosts: [], plainHttp: false };

/** IPv4 that is not public: special-purpose addresses, multicast, and the clouds' own services. */
const NOT_PUBLIC_V4 = toNetworks([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
]);
/** The only part of IPv6 in public use. */
const PUBLIC_V6 = toNetworks(['2000::/3']);
/** Exceptions within it: what leads back to IPv4 (6to4, Teredo) and documentation addresses. */
const NOT_PUBLIC_V6 = toNetworks(['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']);

const LOCAL_NAME = /(^|\.)(localhost|local|internal|lan|home\.arpa)$/;
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/;

/** Why the address may not be called, or null. Fails closed: what does not parse is refused. */
export function refuseWebhookAddress(text: string, { networks }: WebhookAllowance): string | null {
  const address = parseAddress(text);
  const isIn = (list: Network[]) => address !== null && list.some((network) => isInside(address, network));
  if (isIn(networks)) return null;
  const isPublic = isIn(PUBLIC_V6) ? !isIn(NOT_PUBLIC_V6) : address?.family === 4 && !isIn(NOT_PUBLIC_V4);
  return isPublic ? null : 'must not point to a private, loopback or link-local address';
}

/** Why the URL may not be called, or null. Its host name is resolved, and the address judged, when it is called. */
export function refuseWebhookUrl(text: string, allowed: WebhookAllowance): string | null {
  // URL drops line ends and accepts spaces, which would then reach logs, messages and terminals.
  if (/\s/.test(text) || !SHOWABLE_TEXT.test(text)) return 'must not contain spaces or control characters';
  const url = URL.canParse(text) ? new URL(text) : null;
  const isHttp = url?.protocol === 'http:' && allowed.plainHttp;
  if (url === null || (url.protocol !== 'https:' && !isHttp)) return 'must be an https URL';
  if (url.username !== '' || url.password !== '') return 'must not contain a user name or password';
  if (BAD_PORTS.has(Number(url.port || 443))) return 'must not name a port of another protocol';
  const host = hostOf(url);
  if (isAllowedHost(host, allowed)) return null;
  // URL has already turned 127.1, 0x7f000001 and the like into four plain numbers.
  if (parseAddress(host) !== null) return refuseWebhookAddress(host, allowed);
  return !host.includes('.') || LOCAL_NAME.test(host) ? 'must not name a host of the local network' : null;
}

/** The host without the brackets or the final dot that it may be written with. */
export function hostOf({ hostname }: Pick<URL, 'hostname'>): string {
  return hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

export function isAllowedHost(host: string, { hosts }: WebhookAllowance): boolean {
  return hosts.includes(host);
}

/**
 * Parses a list, separated by commas or spaces, of networks (`10.0.0.0/8`), addresses, host names, and `http:`.
 * `wrong` is the position, from 1, of the first item that is none of these.
 */
export function parseWebhookAllowance(text: string): { allowed: WebhookAllowance } | { wrong: number } {
  const allowed: WebhookAllowance = { networks: [], hosts: [], plainHttp: false };
  for (const [index, item] of text
    .split(/[\s,]+/)
    .filter((each) => each !== '')
    .entries()) {
    const network = parseNetwork(item);
    const host = item.toLowerCase();
    if (item === 'http:') allowed.plainHttp = true;
    else if (network !== null) allowed.networks.push(network);
    // Whatever ends in a number is a mistyped address, not a name.
    else if (HOST_NAME.test(host) && !/(^|\.)\d+$/.test(host)) allowed.hosts.push(host);
    else return { wrong: index + 1 };
  }
  return { allowed };
}

function toNetworks(texts: string[]): Network[] {
  return texts.flatMap((text) => parseNetwork(text) ?? []);
}
