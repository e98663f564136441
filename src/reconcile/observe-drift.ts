import { createHash } from 'node:crypto';
import { countRepair, nextRepairAtMs } from '../core/model/inspection.ts';
import type { Node } from '../core/model/node.ts';
import { isLendable } from '../core/model/node-states.ts';
import type { Placement } from '../core/model/rental.ts';
import type { Run } from '../core/model/work.ts';
import { type DriftReport, expectationOf, findDrift, isDrifted } from '../core/node/drift.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Fleet } from './fleet.ts';
import type { Watcher } from './watcher.ts';

interface Observer {
  watcher: Watcher;
  fleet: Fleet;
  clock: Clock;
}

/** Drift by the last inspection of a node's account files; null when there is none that may be judged now. */
export function observeDrift(
  node: Node,
  live: Placement | null,
  run: Run | null,
  { watcher, fleet, clock }: Observer,
): DriftReport | null {
  const { name } = node.spec;
  const memory = watcher.inspection(name);
  const { latest } = memory;
  const expectation = expectationOf(node.record, live, run);
  if (latest === null || expectation === 'unsettled') return null;
  const expected =
    live && live.appliedKey !== null
      ? {
          account: live.account,
          uid: live.uid,
          keyFileSha256: digestKeyFile(live.appliedKey, live.appliedExpiresAt),
        }
      : null;
  const nowMs = clock.monotonicMs();
  const waitMs = Math.max(nextRepairAtMs(memory) - nowMs, 0);
  const drift = findDrift(latest, expected, fleet.residue(name));
  return {
    ...drift,
    // Until a machine was verified clean once, a person has to judge the accounts that it brought along. The same
    // holds again after another host key was trusted, even with a client on the node: it may be another machine.
    strays: node.record.preparedAt === null ? [] : drift.strays,
    nth: countRepair(memory, nowMs).repairs,
    repairAt: new Date(clock.now().getTime() + waitMs),
  };
}

/** Does the last inspection show that the free node has drifted? Then it is not lent. */
export function isSeenDrifted(node: Node, { watcher }: Pick<Observer, 'watcher'>): boolean {
  const { latest } = watcher.inspection(node.spec.name);
  return latest !== null && isLendable(node.record.state) && isDrifted(findDrift(latest, null, []));
}

/**
 * Digests of the one-line key file that orion_account writes; the file may have any of them. For an sshd before 9.1 it
 * names the end in the node's own time zone, which only the node knows. The inspection then says `local`, so that
 * only the presence of an end is compared.
 */
export function digestKeyFile(publicKey: string, expiresAt: Date | null): string[] {
  const digest = (options: string) =>
    createHash('sha256').update(`restrict,pty${options} ${publicKey}\n`).digest('hex');
  if (expiresAt === null) return [digest('')];
  const ends = [expiresAt.toISOString().replace(/[-:T]|\.\d+/g, ''), 'local'];
  return ends.map((end) => digest(`,expiry-time="${end}"`));
}
