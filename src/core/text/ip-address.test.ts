import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isInside, parseAddress, parseNetwork } from './ip-address.ts';

const inside = (address: string, network: string) => {
  const [parsed, range] = [parseAddress(address), parseNetwork(network)];
  if (!parsed || !range) throw new Error(`not parsed: ${address} ${network}`);
  return isInside(parsed, range);
};

describe('an address', () => {
  it.each([
    ['0.0.0.0', 4, 0n],
    ['127.0.0.1', 4, 0x7f000001n],
    ['255.255.255.255', 4, 0xffffffffn],
    ['::', 6, 0n],
    ['::1', 6, 1n],
    ['fe80::1%eth0', 6, (0xfe80n << 112n) | 1n],
    ['2001:DB8::a', 6, (0x20010db8n << 96n) | 10n],
    ['1:2:3:4:5:6:7:8', 6, 0x00010002000300040005000600070008n],
    ['64:ff9b::192.0.2.1', 6, (0x64ff9bn << 96n) | 0xc0000201n],
    // These reach the IPv4 address.
    ['::ffff:127.0.0.1', 4, 0x7f000001n],
    ['::FFFF:7f00:1', 4, 0x7f000001n],
  ])('%s', (text, family, value) => {
    expect(parseAddress(text)).toEqual({ family, value });
  });

  it.each([
    '',
    'example.com',
    '1.2.3',
    '1.2.3.256',
    '1.2.3.4.5',
    '0x7f.0.0.1',
    ':::',
    '1::2::3',
    '1:2:3',
    'g::',
  ])('is not %j', (text) => {
    expect(parseAddress(text)).toBeNull();
  });

  it('is what the runtime takes for one', () => {
    fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => parseAddress(text) !== null));
    fc.assert(
      fc.property(fc.string(), (text) => isIP(text) !== 0 || parseAddress(text.replace(/%.*$/, '')) === null),
    );
  });
});

describe('a network', () => {
  it('holds the addresses with its first bits, of its family', () => {
    expect(inside('10.255.0.1', '10.0.0.0/8')).toBe(true);
    expect(inside('11.0.0.1', '10.0.0.0/8')).toBe(false);
    expect(inside('fdff::1', 'fc00::/7')).toBe(true);
    expect(inside('fe00::1', 'fc00::/7')).toBe(false);
    expect(inside('1.2.3.4', '::/0')).toBe(false);
    expect(inside('::ffff:10.0.0.1', '10.0.0.0/8')).toBe(true);
  });

  it('may be one address, or all', () => {
    expect(inside('10.0.0.1', '10.0.0.1')).toBe(true);
    expect(inside('10.0.0.2', '10.0.0.1')).toBe(false);
    expect(inside('200.0.0.1', '0.0.0.0/0')).toBe(true);
  });

  it.each(['', '10.0.0.0/33', '10.0.0.0/', '10.0.0/8', '::/129', 'a/8', '10.0.0.0/8/8'])(
    'is not %j',
    (text) => {
      expect(parseNetwork(text)).toBeNull();
    },
  );
});
