/** URLs that no webhook may have: each leads somewhere internal. First what it is, then the URL. */
export const REFUSED_WEBHOOKS: [what: string, url: string][] = [
  ['loopback', 'https://127.0.0.2/'],
  ['loopback, in short', 'https://127.2/'],
  ['loopback, as one number', 'https://2130706434/'],
  ['loopback, in hexadecimal', 'https://0x7f000002/'],
  ['loopback, in octal', 'https://0177.0.0.02/'],
  ['loopback, in full-width digits', 'https://１２７.0.0.2/'],
  ['loopback of IPv6', 'https://[::1]/'],
  ['loopback, mapped into IPv6', 'https://[::ffff:127.0.0.2]/'],
  ['loopback, mapped into IPv6, in hexadecimal', 'https://[0:0:0:0:0:ffff:7f00:2]/'],
  ['loopback, compatible with IPv4', 'https://[::127.0.0.2]/'],
  ['this network', 'https://0.0.0.0/'],
  ['no address', 'https://[::]/'],
  ['private', 'https://10.0.0.1/'],
  ['private', 'https://172.31.255.254/'],
  ['private, with a port', 'https://192.168.0.1:8443/hook'],
  ['private, mapped into IPv6', 'https://[::ffff:10.0.0.1]/'],
  ['shared, of carriers', 'https://100.64.0.1/'],
  ['metadata of clouds', 'https://169.254.169.254/latest/meta-data/'],
  ['metadata of clouds, mapped into IPv6', 'https://[::ffff:a9fe:a9fe]/'],
  ['metadata of a cloud', 'https://100.100.100.200/'],
  ['metadata of a cloud, over IPv6', 'https://[fd00:ec2::254]/'],
  ['services of a cloud', 'https://168.63.129.16/'],
  ['link-local of IPv6', 'https://[fe80::1]/'],
  ['unique local', 'https://[fc00::1]/'],
  ['NAT64', 'https://[64:ff9b::7f00:2]/'],
  ['NAT64 of a site', 'https://[64:ff9b:1::a00:1]/'],
  ['6to4', 'https://[2002:7f00:2::]/'],
  ['Teredo', 'https://[2001:0:7f00:2::]/'],
  ['multicast', 'https://224.0.0.1/'],
  ['multicast of IPv6', 'https://[ff02::1]/'],
  ['broadcast', 'https://255.255.255.255/'],
  ['reserved', 'https://240.0.0.1/'],
];

/** The host of such a URL in its normal form. */
export function addressOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, '');
}
