import { describe, expect, test } from 'vitest';
import {
  NOTHING_ALLOWED,
  parseWebhookAllowance,
  refuseWebhookAddress,
  refuseWebhookUrl,
  type WebhookAllowance,
} from './webhook-url.ts';

function allow(text: string): WebhookAllowance {
  const parsed = parseWebhookAllowance(text);
  if ('wrong' in parsed) throw new Error(`not taken: ${parsed.wrong}`);
  return parsed.allowed;
}

describe('the URL of a webhook', () => {
  test.each([
    'https://example.com/x?y=1',
    'https://8.8.8.8/',
    'https://[2606:4700::1111]/',
    'https://a.example:8443/',
    'https://a.example:443/',
    'https://a.example:22222/',
  ])('may be %s', (url) => {
    expect(refuseWebhookUrl(url, NOTHING_ALLOWED)).toBeNull();
  });

  test.each([
    'nonsense',
    'http://example.com/',
    'file:///etc/passwd',
    'https://user:pass@example.com/',
    'https://localhost/',
    'https://localhost./',
    'https://a.localhost/',
    'https://db/',
    'https://printer.local/',
    'https://metadata.google.internal/',
    'https://127.0.0.1/',
    'https://127.1/',
    'https://0x7f000001/',
    'https://0177.0.0.1/',
    'https://2130706433/',
    'https://0/',
    'https://[::ffff:10.0.0.1]/',
    'https://[::127.0.0.1]/',
    'https://example.com/a\r\nb',
    'https://exam\tple.com/',
    'https://example.com/a b',
    ' https://example.com/',
    'https://example.com/\u001b[31m',
    'https://example.com/\u2028',
    'https://example.com:22/',
    'https://example.com:25/',
    'https://example.com:6667/',
  ])('may not be %s', (url) => {
    expect(refuseWebhookUrl(url, NOTHING_ALLOWED)).toMatch(/^must /);
  });
});

describe('the address that is called', () => {
  test.each([
    '8.8.8.8',
    '1.1.1.1',
    '172.32.0.1',
    '100.128.0.1',
    '2606:4700::1111',
    '2a00:1450::1',
    '::ffff:8.8.8.8',
  ])('may be %s', (address) => {
    expect(refuseWebhookAddress(address, NOTHING_ALLOWED)).toBeNull();
  });

  test.each([
    ['this network', '0.0.0.0'],
    ['this network', '0.1.2.3'],
    ['private', '10.1.2.3'],
    ['shared, of carriers', '100.64.0.1'],
    ['metadata of a cloud', '100.100.100.200'],
    ['loopback', '127.0.0.1'],
    ['loopback', '127.255.255.254'],
    ['services of a cloud', '168.63.129.16'],
    ['metadata of a cloud', '169.254.169.254'],
    ['private', '172.16.0.1'],
    ['private', '172.31.255.255'],
    ['metadata of a cloud', '192.0.0.192'],
    ['for documents', '192.0.2.1'],
    ['private', '192.168.1.1'],
    ['for measurements', '198.18.0.1'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['nothing', '::'],
    ['loopback', '::1'],
    ['IPv4 in IPv6, mapped', '::ffff:127.0.0.1'],
    ['IPv4 in IPv6, mapped', '::ffff:a9fe:a9fe'],
    ['IPv4 in IPv6, compatible', '::127.0.0.1'],
    ['NAT64', '64:ff9b::7f00:1'],
    ['NAT64 of a site', '64:ff9b:1::a00:1'],
    ['discard', '100::1'],
    ['Teredo', '2001:0:7f00:1::'],
    ['for documents', '2001:db8::1'],
    ['6to4', '2002:7f00:1::'],
    ['for documents', '3fff::1'],
    ['unique local', 'fc00::1'],
    ['metadata of a cloud', 'fd00:ec2::254'],
    ['link-local', 'fe80::1'],
    ['link-local', 'fe80::1%eth0'],
    ['site-local', 'fec0::1'],
    ['multicast', 'ff02::1'],
    ['no address', 'example.com'],
    ['no address', ''],
  ])('may not be %s: %s', (_what, address) => {
    expect(refuseWebhookAddress(address, NOTHING_ALLOWED)).toMatch(/^must not point to/);
  });
});

describe('what the operator allows', () => {
  test('are networks and addresses', () => {
    const allowed = allow('10.1.0.0/16, fd00::/8 127.0.0.1');
    for (const address of ['10.1.2.3', 'fd12::1', '127.0.0.1', '::ffff:10.1.0.1', '8.8.8.8']) {
      expect(refuseWebhookAddress(address, allowed)).toBeNull();
    }
    for (const address of ['10.2.0.1', '127.0.0.2', '::1']) {
      expect(refuseWebhookAddress(address, allowed)).not.toBeNull();
    }
    expect(refuseWebhookUrl('https://10.1.2.3/', allowed)).toBeNull();
    expect(refuseWebhookUrl('https://db/', allowed)).not.toBeNull();
  });

  test('are hosts by their names, which then may be local', () => {
    const allowed = allow('hooks,CI.corp.internal');
    for (const url of ['https://hooks/x', 'https://ci.corp.internal./', 'https://CI.corp.internal/']) {
      expect(refuseWebhookUrl(url, allowed)).toBeNull();
    }
    for (const url of ['https://db/', 'https://x.ci.corp.internal/', 'http://hooks/']) {
      expect(refuseWebhookUrl(url, allowed)).not.toBeNull();
    }
  });

  test('is plain http, which opens no other address', () => {
    expect(refuseWebhookUrl('http://example.com/', allow('http:'))).toBeNull();
    expect(refuseWebhookUrl('http://127.0.0.1/', allow('http:'))).not.toBeNull();
    expect(refuseWebhookUrl('http://127.0.0.1/', allow('http: 127.0.0.0/8'))).toBeNull();
    expect(refuseWebhookUrl('ftp://example.com/', allow('http:'))).not.toBeNull();
  });

  test('is nothing when nothing is said', () => {
    expect(allow('  , ')).toEqual(NOTHING_ALLOWED);
  });

  test.each(['10.0.0.0/33', '300.1.1.1', '10.0.0', '*.example.com', 'https://x', '-x'])(
    'is not %s',
    (item) => {
      expect(parseWebhookAllowance(`10.0.0.0/8, ${item}`)).toEqual({ wrong: 2 });
    },
  );
});
