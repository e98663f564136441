import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { formatDuration } from '../core/text/duration.ts';
import type { Network } from '../core/text/ip-address.ts';
import type { WebhookAllowance } from '../core/text/webhook-url.ts';
import { duration, type Listen, listen, networks, webhookAllowance, webhookKey } from './formats.ts';

export type Environment = Record<string, string | undefined>;

/** The daemon's own settings. */
export interface Config {
  databaseUrl: string;
  listen: Listen;
  /** Serves only health and metrics, without a token; null: nowhere. */
  metricsListen: Listen | null;
  /** Proxies that may report, in X-Forwarded-For, where a request comes from. */
  trustedProxies: Network[];
  inventoryPath: string;
  /** The values of `${NAME}` in the inventory: the environment with ORION_HOME and the key's path filled in. */
  inventoryEnv: Environment;
  home: string;
  controlKeyPath: string;
  /** Identifies the fleet, whatever the database; beside the control key, unless set. */
  fleetIdentityPath: string;
  lease: { durationMs: number; renewDeadlineMs: number; retryPeriodMs: number };
  /** Interval between fresh logins on a node that inspect its account files. */
  inspectIntervalMs: number;
  webhooks: {
    /** The tenants' secrets derive from it; null: no webhooks. */
    key: Buffer | null;
    allowed: WebhookAllowance;
  };
  log: { level: LogLevel; format: 'auto' | 'human' | 'json' };
  /** The first administrator's token, stored unless it ever was: without it nobody could create one. */
  firstToken: { id: string; hash: string } | null;
  /** Distinguishes this process from the other replicas. */
  instance: string;
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export type ConfigResult = { ok: true; config: Config } | { ok: false; problems: string[] };

/** The store parses the rest. The value has a password and is never shown. */
const DATABASE_URL = /^mysql:\/\/\S*\/[^/?\s]+(?:\?\S*)?$/;

const FIRST_TOKEN = /^([a-z0-9]{4,32}):([0-9a-f]{64})$/;

const settings = z.object({
  ORION_DATABASE_URL: z
    .string({ error: 'is not set; expected mysql://USER:PASSWORD@HOST:PORT/DATABASE' })
    .regex(DATABASE_URL, { error: 'expected mysql://USER:PASSWORD@HOST:PORT/DATABASE' }),
  ORION_LISTEN: z.string().default('127.0.0.1:8080').pipe(listen),
  ORION_METRICS_LISTEN: listen.optional(),
  ORION_TRUSTED_PROXIES: networks,
  ORION_INVENTORY: z.string().default('inventory.yaml'),
  ORION_HOME: z.string().default('.orion'),
  ORION_CONTROL_KEY: z.string().optional(),
  ORION_FLEET_IDENTITY: z.string().optional(),
  ORION_LEASE_DURATION: duration('15s'),
  ORION_LEASE_RENEW_DEADLINE: duration('10s'),
  ORION_LEASE_RETRY_PERIOD: duration('2s'),
  // More often than every second only adds load; less often than daily is as good as never.
  ORION_INSPECT_INTERVAL: duration('10m').refine((ms) => ms >= 1_000 && ms <= 86_400_000, {
    error: 'expected a duration from 1s to 24h',
  }),
  ORION_WEBHOOK_KEY: webhookKey.optional(),
  ORION_WEBHOOK_ALLOW: webhookAllowance,
  ORION_FIRST_TOKEN_HASH: z
    .string()
    .regex(FIRST_TOKEN, { error: 'expected ID:SHA256, as orion init writes it' })
    .optional(),
  ORION_LOG_LEVEL: z.enum(LOG_LEVELS, { error: `expected one of ${LOG_LEVELS.join(', ')}` }).default('info'),
  ORION_LOG_FORMAT: z
    .enum(['auto', 'human', 'json'], { error: 'expected auto, human or json' })
    .default('auto'),
  ORION_INSTANCE: z
    .string()
    .default(hostname())
    .refine((text) => /^[\w.:-]{1,64}$/.test(text), {
      error: 'expected at most 64 letters, digits, "_", ".", ":" and "-"',
    }),
});
type SettingName = keyof typeof settings.shape;
type LeaseSetting = Extract<SettingName, `ORION_LEASE_${string}`>;
/** Every variable that the daemon reads, each also as NAME_FILE. */
export const SETTING_NAMES = Object.keys(settings.shape) as SettingName[];

/** All settings, or one line for each wrong one; no line shows a value. */
export function parseConfig(env: Environment): ConfigResult {
  const { values, problems } = readSettings(env);
  const parsed = settings.safeParse(values);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const name = String(issue.path[0]);
      if (
        !problems.some((problem) => problem.startsWith(`${name}:`) || problem.startsWith(`${name}_FILE:`))
      ) {
        problems.push(`${name}: ${issue.message}`);
      }
    }
  }
  problems.push(...findLeaseProblems(values));
  if (!parsed.success || problems.length > 0) return { ok: false, problems };
  const found = parsed.data;
  // An inventory can refer to settings, and its errors may quote them. This one is for nobody to see.
  const inventoryEnv = createInventoryEnv({ ...env, ...values, ORION_WEBHOOK_KEY: undefined });
  const controlKeyPath = inventoryEnv.ORION_CONTROL_KEY ?? '';
  return {
    ok: true,
    config: {
      databaseUrl: found.ORION_DATABASE_URL,
      listen: found.ORION_LISTEN,
      metricsListen: found.ORION_METRICS_LISTEN ?? null,
      trustedProxies: found.ORION_TRUSTED_PROXIES,
      inventoryPath: found.ORION_INVENTORY,
      inventoryEnv,
      home: resolve(found.ORION_HOME),
      controlKeyPath,
      fleetIdentityPath: resolve(
        found.ORION_FLEET_IDENTITY ?? join(dirname(controlKeyPath), 'fleet_identity'),
      ),
      lease: {
        durationMs: found.ORION_LEASE_DURATION,
        renewDeadlineMs: found.ORION_LEASE_RENEW_DEADLINE,
        retryPeriodMs: found.ORION_LEASE_RETRY_PERIOD,
      },
      inspectIntervalMs: found.ORION_INSPECT_INTERVAL,
      webhooks: { key: found.ORION_WEBHOOK_KEY ?? null, allowed: found.ORION_WEBHOOK_ALLOW },
      firstToken: parseFirstToken(found.ORION_FIRST_TOKEN_HASH),
      log: { level: found.ORION_LOG_LEVEL, format: found.ORION_LOG_FORMAT },
      instance: found.ORION_INSTANCE,
    },
  };
}

function parseFirstToken(text = ''): Config['firstToken'] {
  const [, id, hash] = FIRST_TOKEN.exec(text) ?? [];
  return id === undefined || hash === undefined ? null : { id, hash };
}

/** The environment with absolute paths for what an inventory may rely on. */
export function createInventoryEnv(env: Environment): Environment {
  const home = resolve(env.ORION_HOME || '.orion');
  const controlKey = resolve(env.ORION_CONTROL_KEY || `${home}/keys/control_ed25519`);
  return { ...env, ORION_HOME: home, ORION_CONTROL_KEY: controlKey };
}

/** Reads each setting from NAME or from the file that NAME_FILE names. Empty ones, as from compose, are unset. */
function readSettings(env: Environment): {
  values: Partial<Record<SettingName, string>>;
  problems: string[];
} {
  const values: Partial<Record<SettingName, string>> = {};
  const problems: string[] = [];
  for (const name of SETTING_NAMES) {
    const direct = env[name] || undefined;
    const file = env[`${name}_FILE`] || undefined;
    if (direct !== undefined && file !== undefined) {
      problems.push(`${name}_FILE: expected only one of ${name} and ${name}_FILE`);
    } else if (file !== undefined) {
      try {
        values[name] = readFileSync(file, 'utf8').trim();
      } catch (error) {
        problems.push(`${name}_FILE: the file can't be read (${(error as NodeJS.ErrnoException).code})`);
      }
    } else if (direct !== undefined) values[name] = direct;
  }
  return { values, problems };
}

/** A leader must notice that it can't renew, and stop, before its leadership ends; and it must try more than once. */
function findLeaseProblems(values: Partial<Record<SettingName, string>>): string[] {
  // An invalid one is reported elsewhere, and compares as false here.
  const read = (name: LeaseSetting) => settings.shape[name].safeParse(values[name]).data ?? Number.NaN;
  const pairs = [
    ['ORION_LEASE_DURATION', 'ORION_LEASE_RENEW_DEADLINE'],
    ['ORION_LEASE_RENEW_DEADLINE', 'ORION_LEASE_RETRY_PERIOD'],
  ] as const;
  return pairs
    .filter(([longer, shorter]) => read(longer) <= read(shorter))
    .map(
      ([longer, shorter]) => `${longer}: expected more than ${shorter} (${formatDuration(read(shorter))})`,
    );
}
