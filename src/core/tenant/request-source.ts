import { formatAddress, isInside, type Network, parseAddress } from '../text/ip-address.ts';

/** IPv6 clients have a whole /64 to themselves, so what is counted by address is counted by that. */
const OWN_V6_BITS = 64n;

/**
 * The last hop that is no proxy of ours. Each hop is the word of the one after it, so what stands before one that is
 * not trusted, or before nonsense, counts for nothing.
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

/** What counts as one place: the address, or the /64 that it is in. */
export function placeOf(source: string | null): string {
  const address = source === null ? null : parseAddress(source);
  if (address === null) return 'unknown';
  if (address.family === 4) return formatAddress(address);
  const own = (address.value >> OWN_V6_BITS) << OWN_V6_BITS;
  return `${formatAddress({ family: 6, value: own })}/64`;
}
