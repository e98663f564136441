import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { SETTING_NAMES } from '../config/config.ts';
import { inventorySchema, PLANNED_KEYS } from '../inventory/schema.ts';

// No setting may be accepted and ignored: it would be a promise that nobody keeps. Each key and variable is listed
// here with the place where it takes effect, outside the file that parses it.

const SRC = dirname(dirname(fileURLToPath(import.meta.url)));

/** Key of inventory.yaml -> file | expression that reads it there. */
const INVENTORY: Record<string, string> = {
  'policy.probe.interval': 'core/health/health.ts | policy.intervalMs',
  'policy.probe.timeout': 'reconcile/probe-round.ts | deps.policy().timeoutMs',
  'policy.probe.keepalive': 'main.ts | policy().probe.keepaliveMs',
  'policy.probe.failures': 'core/health/health.ts | policy.failures',
  'policy.probe.deadAfter': 'core/health/health.ts | policy.deadAfterMs',
  'policy.probe.successes': 'core/health/health.ts | policy.successes',
  'policy.probe.healthyDelay': 'core/health/health.ts | policy.healthyDelayMs',
  'policy.migrate.interval': 'core/rental/move-turn.ts | intervalMs',
  'policy.migrate.maxInFlight': 'core/rental/move-turn.ts | maxInFlight',
  'policy.migrate.maxPerRental': 'core/rental/suspicion.ts | maxPerRental',
  'policy.migrate.breaker.unhealthyPercent': 'core/health/breaker.ts | policy.unhealthyPercent',
  'policy.migrate.breaker.minNodes': 'core/health/breaker.ts | policy.minNodes',
  'policy.migrate.breaker.cooldown': 'core/health/breaker.ts | policy.cooldownMs',
  'policy.provision.concurrency': 'reconcile/lead.ts | policy().provision.concurrency',
  'policy.provision.timeout': 'reconcile/carry-out.ts | policy().provision.timeoutMs',
  'policy.provision.retries': 'core/scheduling/blame.ts | retries',
  'policy.clean.timeout': 'reconcile/carry-out.ts | policy().clean.timeoutMs',
  'policy.clean.retries': 'core/node/classify.ts | retries',
  'policy.limits.processes': 'reconcile/carry-out.ts | policy().limits',
  'policy.limits.memory': 'reconcile/carry-out.ts | policy().limits',
  'policy.limits.required': 'core/model/limits.ts | required.filter',
  'policy.lease.default': 'api/rental/writes.ts | defaultMs',
  'policy.lease.max': 'api/rental/writes.ts | maxMs',
  'defaults.host': 'inventory/load.ts | defaults.host',
  'defaults.port': 'inventory/load.ts | defaults.port',
  'defaults.user': 'inventory/load.ts | defaults.user',
  'defaults.privateKey': 'inventory/load.ts | defaults.privateKey',
  'defaults.address.host': 'inventory/load.ts | defaults.address?.host',
  'defaults.address.port': 'inventory/load.ts | defaults.address?.port',
  'defaults.zone': 'inventory/load.ts | defaults.zone',
  'defaults.labels': 'inventory/load.ts | defaults.labels',
  'nodes.name': 'core/view/node-view.ts | spec.name',
  'nodes.host': 'reconcile/watched-node.ts | host',
  'nodes.port': 'reconcile/watched-node.ts | port',
  'nodes.user': 'reconcile/watched-node.ts | user',
  'nodes.privateKey': 'ssh/held.ts | privateKeyPath',
  'nodes.hostKey': 'core/node/decide.ts | node.spec.pinnedHostKey',
  'nodes.address.host': 'core/view/rental-view.ts | clientHost',
  'nodes.address.port': 'core/view/rental-view.ts | clientPort',
  'nodes.zone': 'core/scheduling/placement.ts | node.spec.zone',
  'nodes.labels': 'core/scheduling/placement.ts | node.spec.labels',
};

/** The daemon's settings, likewise. */
const SETTINGS: Record<string, string> = {
  ORION_DATABASE_URL: 'main.ts | config.databaseUrl',
  ORION_LISTEN: 'main.ts | config.listen',
  ORION_METRICS_LISTEN: 'main.ts | config.metricsListen',
  ORION_TRUSTED_PROXIES: 'main.ts | config.trustedProxies',
  ORION_INVENTORY: 'main.ts | config.inventoryPath',
  ORION_HOME: 'main.ts | config.home',
  ORION_CONTROL_KEY: 'inventory/load.ts | env.ORION_CONTROL_KEY',
  ORION_FLEET_IDENTITY: 'main.ts | fleetIdentityPath',
  ORION_LEASE_DURATION: 'store/statements/leadership.ts | durationMs',
  ORION_LEASE_RENEW_DEADLINE: 'reconcile/leader.ts | renewDeadlineMs',
  ORION_LEASE_RETRY_PERIOD: 'reconcile/leader.ts | retryPeriodMs',
  ORION_INSPECT_INTERVAL: 'reconcile/probe-round.ts | deps.inspectIntervalMs',
  ORION_WEBHOOK_KEY: 'daemon/webhooks.ts | key && ',
  ORION_WEBHOOK_ALLOW: 'daemon/webhooks.ts | config.webhooks',
  ORION_FIRST_TOKEN_HASH: 'daemon/prepare-database.ts | firstToken',
  ORION_LOG_LEVEL: 'daemon/log.ts | level',
  ORION_LOG_FORMAT: 'daemon/log.ts | format',
  ORION_INSTANCE: 'main.ts | config.instance',
};

/** Paths of the leaves of a mapping, without list indices. */
function listKeys(schema: z.core.$ZodType, path: string[] = []): string[] {
  if (schema instanceof z.ZodOptional) return listKeys(schema.unwrap(), path);
  if (schema instanceof z.ZodPipe) return listKeys(schema.out, path);
  if (schema instanceof z.ZodArray && path.length > 0) return listKeys(schema.element, path);
  if (!(schema instanceof z.ZodObject)) return [path.join('.')];
  return Object.entries(schema.shape).flatMap(([key, value]) =>
    listKeys(value as z.core.$ZodType, [...path, key]),
  );
}

function expectReaders(places: Record<string, string>): void {
  for (const [key, place] of Object.entries(places)) {
    const [file = '', expression = ''] = place.split(' | ');
    expect(readFileSync(join(SRC, file), 'utf8'), `${key} is read in src/${file}`).toContain(expression);
  }
}

test('each key that an inventory may have is read somewhere', () => {
  expect(listKeys(inventorySchema).toSorted()).toEqual(Object.keys(INVENTORY).toSorted());
  expectReaders(INVENTORY);
});

test('a planned key is none that the inventory accepts', () => {
  for (const key of Object.keys(PLANNED_KEYS)) {
    expect(listKeys(inventorySchema).filter((known) => `${known}.`.startsWith(`${key}.`))).toEqual([]);
  }
});

test("each of the daemon's settings is read somewhere", () => {
  expect([...SETTING_NAMES].toSorted()).toEqual(Object.keys(SETTINGS).toSorted());
  expectReaders(SETTINGS);
});
