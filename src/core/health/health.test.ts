import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../model/policy.ts';
import type { ProbeResult } from '../model/probe.ts';
import {
  createHealth,
  type Health,
  isSuspect,
  isTrusted,
  isUnconfirmed,
  judge,
  restart,
  steadyForMs,
} from './health.ts';

const policy = {
  ...DEFAULT_POLICY.probe,
  failures: 3,
  deadAfterMs: 5_000,
  successes: 2,
  healthyDelayMs: 4_000,
};
const good: ProbeResult = { ok: true, hostKey: 'ssh-ed25519 AAAA', latencyMs: 1 };
const bad: ProbeResult = {
  ok: false,
  reason: 'ConnectionRefused',
  message: 'refused',
  evidence: 'strong',
  offeredHostKey: null,
  offeredFingerprint: null,
};

/** Probes whenever one is due, with instant answers, until the verdict or `max` probes. */
function probeUntil(start: Health, result: ProbeResult, verdict: string, max = 50) {
  const times: number[] = [];
  let health = start;
  while (health.verdict !== verdict && times.length < max) {
    const at = health.nextProbeAtMs;
    times.push(at);
    health = judge(health, { result, startedAtMs: at, endedAtMs: at }, policy, 0);
  }
  return { health, times };
}

const alive = judge(createHealth(0), { result: good, startedAtMs: 0, endedAtMs: 0 }, policy, 0);

describe('the verdict on a node', () => {
  it('is unknown until the first probe, and then nobody is sent there', () => {
    expect(createHealth(0).verdict).toBe('unknown');
    expect(isTrusted(createHealth(0))).toBe(false);
    expect(isTrusted(undefined)).toBe(false);
    expect(isTrusted(alive)).toBe(true);
  });

  it('makes a node suspect, not dead, at the first failure', () => {
    const health = judge(alive, { result: bad, startedAtMs: 100, endedAtMs: 100 }, policy, 0);
    expect(health.verdict).toBe('alive');
    expect(isSuspect(health)).toBe(true);
    expect(isTrusted(health)).toBe(false);
  });

  it('confirms after 1 s and 2 s, then in steps, and judges exactly when deadAfter is over', () => {
    const failing = { ...alive, nextProbeAtMs: 100_000 };
    const { health, times } = probeUntil(failing, bad, 'dead');
    expect(health.verdict).toBe('dead');
    expect(times.slice(0, 3)).toEqual([100_000, 101_000, 102_000]);
    expect(times.at(-1)).toBe(105_000);
  });

  it('needs failures in a row: one answer between them starts the count again', () => {
    let health = alive;
    for (let at = 0; at < 20_000; at += 2_000) {
      const result = at % 4_000 === 0 ? bad : good;
      health = judge(health, { result, startedAtMs: at, endedAtMs: at }, policy, 0);
    }
    expect(health.verdict).toBe('alive');
  });

  it('never judges by the number of failures alone', () => {
    let health = alive;
    for (let i = 0; i < 10; i++) {
      health = judge(health, { result: bad, startedAtMs: 1_000, endedAtMs: 1_000 + i }, policy, 0);
    }
    expect(health.verdict).toBe('alive');
  });

  it('trusts a node that returned only after enough answers over long enough', () => {
    const dead = probeUntil({ ...alive, nextProbeAtMs: 0 }, bad, 'dead').health;
    const { health, times } = probeUntil(dead, good, 'alive');
    expect(health.verdict).toBe('alive');
    expect(times.length).toBeGreaterThanOrEqual(policy.successes);
    expect((times.at(-1) as number) - (times[0] as number)).toBeGreaterThanOrEqual(policy.healthyDelayMs);
  });

  it('counts a refusal from when its probe began, silence from when its deadline passed', () => {
    const deaf: ProbeResult = { ...bad, reason: 'DialTimeout', evidence: 'weak' };
    const diesAt = (result: ProbeResult) => {
      let health = alive;
      let nowMs = 100_000;
      while (health.verdict !== 'dead') {
        const startedAtMs = Math.max(nowMs, health === alive ? nowMs : health.nextProbeAtMs);
        nowMs = startedAtMs + 1_800;
        health = judge(health, { result, startedAtMs, endedAtMs: nowMs }, policy, 0);
      }
      expect(health.failures).toBeGreaterThanOrEqual(policy.failures);
      return nowMs;
    };
    const saidNo = diesAt(bad);
    expect(saidNo).toBeGreaterThanOrEqual(100_000 + policy.deadAfterMs);
    expect(diesAt(deaf)).toBeGreaterThanOrEqual(100_000 + 1_800 + policy.deadAfterMs);
    expect(saidNo).toBeLessThan(100_000 + 1_800 + policy.deadAfterMs);
  });

  it('of the dead rests on new failures once their times were reset, and stands meanwhile', () => {
    const dead = probeUntil({ ...alive, nextProbeAtMs: 0 }, bad, 'dead').health;
    expect(isUnconfirmed(dead, policy)).toBe(false);
    let health = restart(dead, 50_000);
    const times: number[] = [];
    while (isUnconfirmed(health, policy)) {
      expect(health.verdict).toBe('dead');
      times.push(health.nextProbeAtMs);
      health = judge(
        health,
        { result: bad, startedAtMs: health.nextProbeAtMs, endedAtMs: health.nextProbeAtMs },
        policy,
        0,
      );
    }
    expect(times[0]).toBe(50_000);
    expect(times.at(-1)).toBe(50_000 + policy.deadAfterMs);
    expect(restart(alive, 50_000)).toBe(alive);
  });

  it('remembers for how long a node was steady when it began to fail', () => {
    let health = createHealth(0);
    for (let at = 0; at <= 60_000; at += 10_000) {
      health = judge(health, { result: good, startedAtMs: at, endedAtMs: at }, policy, 0);
    }
    expect(steadyForMs(health)).toBe(60_000);
    for (let at = 70_000; at <= 90_000; at += 10_000) {
      health = judge(health, { result: bad, startedAtMs: at, endedAtMs: at }, policy, 0);
    }
    expect(health).toMatchObject({ verdict: 'dead', steadyForMs: 60_000 });
    expect(steadyForMs(health)).toBe(0);
  });

  it('looks at every node at least every interval, whatever the jitter', () => {
    for (const jitter of [0, 0.5, 1]) {
      const health = judge(alive, { result: good, startedAtMs: 0, endedAtMs: 0 }, policy, jitter);
      expect(health.nextProbeAtMs).toBeLessThanOrEqual(policy.intervalMs);
      expect(health.nextProbeAtMs).toBeGreaterThanOrEqual(policy.intervalMs * 0.9);
    }
  });
});
