import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { afterEach } from 'vitest';

// Set up before each test file. No test may ask the machine's resolver for a name that somebody may own: the test
// would depend on who answers, and reveal itself to the world. RFC 2606 and RFC 6761 reserve names for tests.

const OURS = /(?:^|\.)(?:localhost|test|invalid|example)\.?$/i;
const asked: string[] = [];

/** The names requested since the last call. */
export function takePublicNames(): string[] {
  return asked.splice(0);
}

function refuse(name: unknown): void {
  if (typeof name !== 'string' || name === '' || isIP(name) !== 0 || OURS.test(name) || name === hostname())
    return;
  asked.push(name);
  throw Object.assign(new Error(`a test asked for the public name ${name}`), { code: 'ENOTFOUND' });
}

/** For functions of the module and methods of its resolvers. A resolver with only loopback servers is exempt. */
function guard(owner: object, method: string): void {
  const original = Reflect.get(owner, method) as (...args: unknown[]) => unknown;
  const isPromise = owner === dns.promises || owner === dns.promises.Resolver.prototype;
  Reflect.set(owner, method, function guarded(this: unknown, ...args: unknown[]) {
    const servers =
      this instanceof dns.promises.Resolver || this instanceof dns.Resolver ? this.getServers() : [];
    try {
      if (servers.length === 0 || !servers.every((server) => /^(?:127\.|\[?::1)/.test(server)))
        refuse(args[0]);
    } catch (error) {
      if (isPromise) return Promise.reject(error);
      const callback = args.at(-1) as (error: unknown) => void;
      return setImmediate(callback, error);
    }
    return original.apply(this, args);
  });
}

for (const owner of [dns, dns.promises]) {
  for (const method of ['lookup', 'resolve', 'resolve4', 'resolve6', 'resolveAny']) guard(owner, method);
  for (const method of ['resolve', 'resolve4', 'resolve6', 'resolveAny'])
    guard(owner.Resolver.prototype, method);
}
// For modules that import the functions by name.
syncBuiltinESMExports();

afterEach(() => {
  const names = takePublicNames();
  if (names.length > 0) throw new Error(`public names were asked for: ${names.join(', ')}`);
});
