import { DEFAULT_POLICY } from '../core/model/policy.ts';
import { formatDuration, parseDuration } from '../core/text/duration.ts';
import type { Path } from './tree.ts';

export interface Finding {
  path: Path;
  message: string;
}

/**
 * What no single value shows: relations within the policy, and duplicate nodes. It uses the values as written and
 * skips unreadable ones, so that these mistakes are reported along with all the others.
 */
export function findRelationProblems(file: unknown): Finding[] {
  const nodes = at(file, ['nodes']);
  const list = Array.isArray(nodes) ? nodes : [];
  const defaults = at(file, ['defaults']);
  const twice = findDuplicates(
    list,
    ['port'],
    (node) => addressOf(node, defaults),
    'an address (host and port)',
  );
  const clientTwice = findDuplicates(
    list,
    ['address', 'port'],
    (node) => clientAddressOf(node, defaults),
    'a client address',
  );
  return [
    ...findPolicyProblems(file),
    ...findDuplicates(list, ['name'], nameOf, 'a name'),
    ...list.flatMap((node, index) => findMissingHost(node, index, defaults)),
    ...twice,
    // The client address follows from the node's address: the same mistake is not reported twice.
    ...clientTwice.filter(
      ({ path: [, index] }) =>
        at(list[Number(index)], ['address']) !== undefined ||
        !twice.some((finding) => finding.path[1] === index),
    ),
  ];
}

function findPolicyProblems(file: unknown): Finding[] {
  const findings: Finding[] = [];
  const { probe, lease } = DEFAULT_POLICY;
  const interval = durationAt(file, ['policy', 'probe', 'interval'], probe.intervalMs);
  const timeout = durationAt(file, ['policy', 'probe', 'timeout'], probe.timeoutMs);
  if (interval !== null && timeout !== null && timeout.ms >= interval.ms) {
    const blamed = timeout.written ? timeout : interval;
    const message =
      blamed === timeout
        ? `expected less than probe.interval (${formatDuration(interval.ms)})`
        : `expected more than probe.timeout (${formatDuration(timeout.ms)})`;
    findings.push({ path: blamed.path, message });
  }
  const leaseDefault = durationAt(file, ['policy', 'lease', 'default'], lease.defaultMs);
  const leaseMax = durationAt(file, ['policy', 'lease', 'max'], lease.maxMs);
  // A maximum below the built-in default lowers that default; only a written one can be wrong.
  if (leaseDefault?.written && leaseMax !== null && leaseDefault.ms > leaseMax.ms) {
    const message = `expected at most lease.max (${formatDuration(leaseMax.ms)})`;
    findings.push({ path: leaseDefault.path, message });
  }
  return [...findings, ...findIdleRequirements(file)];
}

/** A limit that is required but switched off would keep every node from being lent. */
function findIdleRequirements(file: unknown): Finding[] {
  const required = at(file, ['policy', 'limits', 'required']);
  if (!Array.isArray(required)) return [];
  return required.flatMap((name, index) => {
    const path = ['policy', 'limits', 'required', index];
    if (required.indexOf(name) < index)
      return [{ path, message: `expected each limit once; ${name} appears twice` }];
    const isOff =
      (name === 'processes' || name === 'memory') && at(file, ['policy', 'limits', name]) === 'none';
    return isOff ? [{ path, message: `expected a limit that is set; limits.${name} is none` }] : [];
  });
}

interface WrittenDuration {
  path: Path;
  ms: number;
  written: boolean;
}

function durationAt(file: unknown, path: Path, defaultMs: number): WrittenDuration | null {
  const value = at(file, path);
  if (value === undefined) return { path, ms: defaultMs, written: false };
  const ms = typeof value === 'string' ? parseDuration(value) : null;
  return ms === null ? null : { path, ms, written: true };
}

function findMissingHost(node: unknown, index: number, defaults: unknown): Finding[] {
  if (!isMapping(node) || at(node, ['host']) !== undefined || at(defaults, ['host']) !== undefined) return [];
  return [
    { path: ['nodes', index, 'host'], message: 'expected a host, here or under defaults; none was given' },
  ];
}

/** Every node that has the same identity as an earlier one. */
function findDuplicates(
  nodes: unknown[],
  key: Path,
  identify: (node: unknown) => string | null,
  what: string,
): Finding[] {
  const firsts = new Map<string, number>();
  const findings: Finding[] = [];
  for (const [index, node] of nodes.entries()) {
    const identity = identify(node);
    if (identity === null) continue;
    const first = firsts.get(identity);
    if (first === undefined) firsts.set(identity, index);
    else {
      const message = `expected ${what} of its own; nodes[${first}] (${nameText(nodes[first])}) has it too: ${identity}`;
      findings.push({ path: ['nodes', index, ...key], message });
    }
  }
  return findings;
}

/** Names that differ only in case are one name to many databases and to a careless reader. */
function nameOf(node: unknown): string | null {
  const name = at(node, ['name']);
  return typeof name === 'string' ? name.toLowerCase() : null;
}

function nameText(node: unknown): string {
  const name = at(node, ['name']);
  return typeof name === 'string' ? name : 'no name';
}

function addressOf(node: unknown, defaults: unknown): string | null {
  return joinAddress(first(node, defaults, ['host']), first(node, defaults, ['port']) ?? 22);
}

function clientAddressOf(node: unknown, defaults: unknown): string | null {
  return joinAddress(
    first(node, defaults, ['address', 'host']) ?? first(node, defaults, ['host']),
    first(node, defaults, ['address', 'port']) ?? first(node, defaults, ['port']) ?? 22,
  );
}

function first(node: unknown, defaults: unknown, path: Path): unknown {
  return at(node, path) ?? at(defaults, path);
}

function joinAddress(host: unknown, port: unknown): string | null {
  if (typeof host !== 'string' || (typeof port !== 'number' && typeof port !== 'string')) return null;
  const plainHost = host.toLowerCase().replace(/\.$/, '');
  return plainHost.includes(':') ? `[${plainHost}]:${port}` : `${plainHost}:${port}`;
}

function at(value: unknown, path: Path): unknown {
  let found = value;
  for (const step of path) {
    if (!isMapping(found)) return undefined;
    found = found[step];
  }
  return found;
}

function isMapping(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
