/** An address as a number. */
export interface Address {
  family: 4 | 6;
  value: bigint;
}

/** A range such as `10.0.0.0/8`: all addresses with the same first bits. */
export interface Network extends Address {
  bits: number;
}

const V4_MAPPED_PREFIX = 0xffffn;

/**
 * An IPv4 address in its usual form, or an IPv6 address in any of its forms; null when the text is neither. An IPv4
 * address mapped into IPv6 (`::ffff:127.0.0.1`) counts as that IPv4 address.
 */
export function parseAddress(text: string): Address | null {
  const v4 = parseV4(text);
  if (v4 !== null) return { family: 4, value: v4 };
  // A zone (`fe80::1%eth0`) says which link the address is on, and nothing about what it is.
  const v6 = parseV6(text.replace(/%.*$/, ''));
  if (v6 === null) return null;
  if (v6 >> 32n === V4_MAPPED_PREFIX) return { family: 4, value: v6 & 0xffffffffn };
  return { family: 6, value: v6 };
}

/** `10.0.0.0/8`, `fd00::/8`, or one address alone; null when the text is none of them. */
export function parseNetwork(text: string): Network | null {
  const [, host = '', bitsText] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = parseAddress(host);
  if (address === null) return null;
  const widest = widthOf(address.family);
  const bits = bitsText === undefined ? widest : Number(bitsText);
  return bits <= widest ? { ...address, bits } : null;
}

export function isInside(address: Address, network: Network): boolean {
  if (address.family !== network.family) return false;
  const shift = BigInt(widthOf(network.family) - network.bits);
  return address.value >> shift === network.value >> shift;
}

function widthOf(family: 4 | 6): number {
  return family === 4 ? 32 : 128;
}

function parseV4(text: string): bigint | null {
  if (!/^\d{1,3}(?:\.\d{1,3}){3}$/.test(text)) return null;
  const parts = text.split('.').map(Number);
  if (parts.some((part) => part > 255)) return null;
  return parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function parseV6(text: string): bigint | null {
  const tail = /^(.*:)(\d{1,3}(?:\.\d{1,3}){3})$/.exec(text);
  const v4 = tail === null ? null : parseV4(tail[2] as string);
  if (tail !== null && v4 === null) return null;
  // The last two groups may be written as an IPv4 address.
  const groups =
    v4 === null ? text : `${tail?.[1]}${(v4 >> 16n).toString(16)}:${(v4 & 0xffffn).toString(16)}`;
  const [head = '', rest, ...more] = groups.split('::');
  if (more.length > 0) return null;
  const left = head === '' ? [] : head.split(':');
  const right = rest === undefined || rest === '' ? [] : rest.split(':');
  const missing = 8 - left.length - right.length;
  if (rest === undefined ? missing !== 0 : missing < 1) return null;
  const all = [...left, ...Array.from({ length: missing }, () => '0'), ...right];
  if (all.some((group) => !/^[0-9a-f]{1,4}$/i.test(group))) return null;
  return all.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}

/** In its usual, short form. */
export function formatAddress({ family, value }: Address): string {
  const parts = (count: number, bits: number) =>
    Array.from({ length: count }, (_, index) => {
      const shift = BigInt(bits * (count - 1 - index));
      return (value >> shift) & ((1n << BigInt(bits)) - 1n);
    });
  if (family === 4) return parts(4, 8).join('.');
  const groups = parts(8, 16).map((group) => group.toString(16));
  // URL knows which zeros may be left out.
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}
