import { createHash } from 'node:crypto';
import { countRepair, nextRepairAtMs } from '../core/model/inspection.ts';
import type { Node } from '../core/model/node.ts';
import { isLendable } from '../core/model/node-states.ts';
import type { Placement } from '../core/model/rental.ts';
import type { Run } from '../core/model/work.ts';
import { type DriftReport, expectationOf, findDrift, isDrifted } from '../core/node/drift.ts';
import type { Context } from './context.ts';

type Observer = Pick<Context, 'watcher' | 'fleet' | 'clock'>;

/** What the last look at a node's account files comes to now; null when there is none that may be judged. */
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
    // Until a machine was verified clean once, accounts that it brought along are a person's to judge. That is so
    // again after another host key was trusted, even with a client on the node: it may be another machine.
    strays: node.record.preparedAt === null ? [] : drift.strays,
    nth: countRepair(memory, nowMs).repairs,
    repairAt: new Date(clock.now().getTime() + waitMs),
  };
}

/** Was the free node seen not to be as it was when it was verified? Such a one is not lent. */
export function isSeenDrifted(node: Node, { watcher }: Pick<Context, 'watcher'>): boolean {
  const { latest } = watcher.inspection(node.spec.name);
  return latest !== null && isLendable(node.record.state) && isDrifted(findDrift(latest, null, []));
}

/**
 * Of the file that orion_account writes: it holds one line. Under an sshd before 9.1 it names the end in the node's own
 * time zone, which is known there alone; the inspection then says `local`, and only that there is an end is compared.
 */
export function digestKeyFile(publicKey: string, expiresAt: Date | null): string[] {
  const digest = (options: string) =>
    createHash('sha256').update(`restrict,pty${options} ${publicKey}\n`).digest('hex');
  if (expiresAt === null) return [digest('')];
  const ends = [expiresAt.toISOString().replace(/[-:T]|\.\d+/g, ''), 'local'];
  return ends.map((end) => digest(`,expiry-time="${end}"`));
}
