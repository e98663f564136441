import type { LimitsPolicy } from './limits.ts';

/** The `policy` of the inventory, with every key filled in and every time in milliseconds. */
export interface Policy {
  probe: {
    /** Every node is probed at least this often, rented or not. */
    intervalMs: number;
    /** One deadline for connect, command and answer together. */
    timeoutMs: number;
    /** Interval between the keepalives of a held SSH connection. */
    keepaliveMs: number;
    /** Failed probes in a row, over at least `deadAfterMs`, that make a node dead. */
    failures: number;
    deadAfterMs: number;
    /** Good probes in a row, over at least `healthyDelayMs`, that make a dead node alive. */
    successes: number;
    /** Negative: only a person can let a node that died be lent again. */
    healthyDelayMs: number;
  };
  migrate: {
    /** Most moves under way at once. */
    maxInFlight: number;
    /** Beyond the first `maxInFlight`, one more begins per interval. */
    intervalMs: number;
    /** Number of nodes that may die under one rental within an hour before it is no longer moved. */
    maxPerRental: number;
    /** While more of the fleet than this is unhealthy, no rental is moved. */
    breaker: { unhealthyPercent: number; minNodes: number; cooldownMs: number };
  };
  provision: { concurrency: number; timeoutMs: number; retries: number };
  clean: { timeoutMs: number; retries: number };
  lease: { defaultMs: number; maxMs: number };
  limits: LimitsPolicy;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Chosen so that a reboot or a network blip moves no rental. */
export const DEFAULT_POLICY: Policy = {
  probe: {
    intervalMs: 30 * SECOND,
    timeoutMs: 10 * SECOND,
    keepaliveMs: 15 * SECOND,
    failures: 3,
    deadAfterMs: 30 * SECOND,
    successes: 2,
    healthyDelayMs: 30 * SECOND,
  },
  migrate: {
    intervalMs: 10 * SECOND,
    maxInFlight: 3,
    maxPerRental: 5,
    breaker: { unhealthyPercent: 40, minNodes: 3, cooldownMs: 60 * SECOND },
  },
  provision: { concurrency: 10, timeoutMs: 10 * MINUTE, retries: 5 },
  clean: { timeoutMs: 15 * MINUTE, retries: 5 },
  lease: { defaultMs: 6 * HOUR, maxMs: 12 * HOUR },
  limits: { processes: 2_048, memory: '75%', required: [] },
};
