import { z } from 'zod';
import { LIMIT_NAMES } from '../core/model/limits.ts';
import { DEFAULT_POLICY, type Policy } from '../core/model/policy.ts';
import {
  choice,
  count,
  duration,
  filePath,
  host,
  hostKey,
  LONGEST_LEASE_MS,
  LONGEST_TIMER_MS,
  labels,
  memory,
  nodeName,
  numberOrNone,
  port,
  show,
  userName,
  zone,
} from './formats.ts';

const SECOND = 1_000;

/**
 * A mapping with exactly these keys. One that is present but empty (all its lines commented out) counts as left
 * out. The message about unknown keys is the list of the known ones, from which the suggestion is made.
 */
function mapping<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.preprocess(
    (value) => value ?? {},
    z.strictObject(shape, {
      error: (issue) =>
        issue.code === 'unrecognized_keys'
          ? Object.keys(shape).join(' ')
          : `expected a mapping of keys and values, not ${show(issue.input)}`,
    }),
  );
}

/**
 * Planned keys that have no effect yet, by their path without indices. A file that sets one is refused with this
 * message: an operator must not rely on a promise that nothing keeps.
 */
export const PLANNED_KEYS: Record<string, string> = {
  'policy.fence':
    'moves do not wait for the old machine to shut its client out yet, and cannot be made to; leave this key out',
  'policy.access': 'what a rental may forward cannot be set yet; leave this key out',
  'policy.repair': 'machines are not power-cycled yet; leave this key out',
  'policy.probe.witnesses': 'Orion does not ask other nodes about a silent one yet; leave this key out',
  'nodes.fence': 'fence agents are not called yet; leave this key out',
  'nodes.peer': 'Orion does not ask other nodes about a silent one yet; leave this key out',
};

const policy = mapping({
  probe: mapping({
    interval: duration(SECOND).optional(),
    timeout: duration(100).optional(),
    keepalive: duration(SECOND).optional(),
    failures: count(1, 100).optional(),
    deadAfter: duration(0).optional(),
    successes: count(1, 100).optional(),
    healthyDelay: duration(-LONGEST_TIMER_MS).optional(),
  }).optional(),
  migrate: mapping({
    interval: duration(0).optional(),
    maxInFlight: count(1, 10_000).optional(),
    maxPerRental: count(1, 10_000).optional(),
    breaker: mapping({
      unhealthyPercent: count(1, 100).optional(),
      minNodes: count(1, 100_000).optional(),
      cooldown: duration(0).optional(),
    }).optional(),
  }).optional(),
  provision: mapping({
    concurrency: count(1, 1_000).optional(),
    timeout: duration(SECOND).optional(),
    retries: count(0, 1_000).optional(),
  }).optional(),
  clean: mapping({ timeout: duration(SECOND).optional(), retries: count(0, 1_000).optional() }).optional(),
  lease: mapping({
    default: duration(SECOND, LONGEST_LEASE_MS).optional(),
    max: duration(SECOND, LONGEST_LEASE_MS).optional(),
  }).optional(),
  limits: mapping({
    processes: numberOrNone(16, 4_000_000).optional(),
    memory: memory.optional(),
    required: z
      .array(choice(LIMIT_NAMES), { error: (issue) => `expected a list, not ${show(issue.input)}` })
      .optional(),
  }).optional(),
});

const address = mapping({ host: host.optional(), port: port.optional() });

const common = {
  host: host.optional(),
  port: port.optional(),
  user: userName.optional(),
  privateKey: filePath.optional(),
  address: address.optional(),
  zone: zone.optional(),
  labels: labels.optional(),
};

const node = mapping({ name: nodeName, ...common, hostKey: hostKey.optional() });

export const inventorySchema = mapping({
  policy: policy.optional(),
  defaults: mapping(common).optional(),
  nodes: z
    .array(node, { error: (issue) => `expected a list of nodes, not ${show(issue.input)}` })
    .min(1, { error: 'expected at least one node' }),
});

export type InventoryFile = z.output<typeof inventorySchema>;
export type NodeEntry = z.output<typeof node>;

/** The file's policy, with the defaults for all missing keys. */
export function fillPolicy(file: InventoryFile['policy']): Policy {
  const { probe, migrate, provision, clean, lease, limits } = DEFAULT_POLICY;
  const given = file ?? {};
  const breaker = given.migrate?.breaker;
  return {
    probe: {
      intervalMs: given.probe?.interval ?? probe.intervalMs,
      timeoutMs: given.probe?.timeout ?? probe.timeoutMs,
      keepaliveMs: given.probe?.keepalive ?? probe.keepaliveMs,
      failures: given.probe?.failures ?? probe.failures,
      deadAfterMs: given.probe?.deadAfter ?? probe.deadAfterMs,
      successes: given.probe?.successes ?? probe.successes,
      healthyDelayMs: given.probe?.healthyDelay ?? probe.healthyDelayMs,
    },
    migrate: {
      intervalMs: given.migrate?.interval ?? migrate.intervalMs,
      maxInFlight: given.migrate?.maxInFlight ?? migrate.maxInFlight,
      maxPerRental: given.migrate?.maxPerRental ?? migrate.maxPerRental,
      breaker: {
        unhealthyPercent: breaker?.unhealthyPercent ?? migrate.breaker.unhealthyPercent,
        minNodes: breaker?.minNodes ?? migrate.breaker.minNodes,
        cooldownMs: breaker?.cooldown ?? migrate.breaker.cooldownMs,
      },
    },
    provision: {
      concurrency: given.provision?.concurrency ?? provision.concurrency,
      timeoutMs: given.provision?.timeout ?? provision.timeoutMs,
      retries: given.provision?.retries ?? provision.retries,
    },
    clean: {
      timeoutMs: given.clean?.timeout ?? clean.timeoutMs,
      retries: given.clean?.retries ?? clean.retries,
    },
    limits: {
      processes: given.limits?.processes ?? limits.processes,
      memory: given.limits?.memory ?? limits.memory,
      required: given.limits?.required ?? limits.required,
    },
    lease: {
      defaultMs: given.lease?.default ?? Math.min(lease.defaultMs, given.lease?.max ?? lease.maxMs),
      maxMs: given.lease?.max ?? lease.maxMs,
    },
  };
}
