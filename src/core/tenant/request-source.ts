import { formatAddress, isInside, type Network, parseAddress } from '../text/ip-address.ts';

/** An IPv6 client has a whole /64 to itself, so whatever is counted by address is counted by /64. */
const OWN_V6_BITS = 64n;

/**
 * The last hop that is not one of our proxies. Each hop is vouched for only by the one after it, so anything before
 * an untrusted hop, or before nonsense, is ignored.
 */
export function findSource(
  peer: string | null,
  forwardedFor: string,
  trustedProxies: readonly Network[],
): string | null {
  const hops = forwardedFor.split(',').map((hop) => hop.trim());
  let source: string | null = null;
  for (const hop of [...hops, ...(peer === null ? [] : [peer])].toReversed()) {
    const address = parseAddress(hop);
    if (address === null) return source;
    source = formatAddress(address);
    if (!trustedProxies.some((network) => isInside(address, network))) return source;
  }
  return source;
}

/** The unit for counting: the IPv4 address, or the /64 of an IPv6 address. */
export function placeOf(source: string | null): string {
  const address = source === null ? null : parseAddress(source);
  if (address === null) return 'unknown';
  if (address.family === 4) return formatAddress(address);
  const own = (address.value >> OWN_V6_BITS) << OWN_V6_BITS;
  return `${formatAddress({ family: 6, value: own })}/64`;
}
