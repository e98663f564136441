import { lookup, Resolver } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import {
  hostOf,
  isAllowedHost,
  refuseWebhookAddress,
  type WebhookAllowance,
} from '../core/text/webhook-url.ts';

/** A name leads to an address that no webhook may reach. */
export class BlockedAddressError extends Error {
  override readonly name = 'BlockedAddressError';
}

export interface ResolveOptions {
  allowed: WebhookAllowance;
  signal: AbortSignal;
  /** `ADDRESS:PORT` of name servers, in place of the system's. */
  nameServers?: readonly string[] | undefined;
}

const TIMEOUT_MS = 2_000;
const TRIES = 2;

/**
 * The addresses of a host. If one of them may not be called, none is. A client's name is resolved by the name
 * servers over sockets of this process, because the system's resolver holds one of the runtime's few threads
 * until the server answers, and anybody can run a server that never does. Names that the operator allows by name
 * go to the system's resolver, with its hosts file, and may lead anywhere.
 */
async function resolveReceiver(host: string, options: ResolveOptions): Promise<string[]> {
  const { allowed } = options;
  if (isAllowedHost(host, allowed)) return (await lookup(host, { all: true })).map(({ address }) => address);
  const addresses = await askNameServers(host, options);
  for (const address of addresses) {
    const refusal = refuseWebhookAddress(address, allowed);
    if (refusal !== null) throw new BlockedAddressError(refusal);
  }
  return addresses;
}

async function askNameServers(host: string, { signal, nameServers }: ResolveOptions): Promise<string[]> {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  if (nameServers) resolver.setServers(nameServers);
  const cancel = () => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const both = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    const found = both.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    const failed = both.find((answer) => answer.status === 'rejected');
    if (found.length === 0) throw failed?.reason ?? new Error('the name has no address');
    return found;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/** For `net.connect`: it connects to the addresses checked here, without a second lookup. */
export function createGuardedLookup(options: ResolveOptions): LookupFunction {
  return (hostname, { all }, callback) => {
    resolveReceiver(hostOf({ hostname }), options).then(
      (addresses) => {
        const list = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
        if (all) return callback(null, list);
        callback(null, list[0]?.address ?? '', list[0]?.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    );
  };
}
