import { z } from 'zod';
import type { FailureReason } from '../core/failure/remedy.ts';
import { DIFFERENCE_ID, LONGEST_DIFFERENCE, MOST_DIFFERENCES } from '../core/model/differences.ts';
import { FLEET_ID } from '../core/model/fleet-identity.ts';
import type { HeldLimit } from '../core/model/limits.ts';
import type { PlaybookResult } from '../core/ports/playbooks.ts';
import { escapeText } from '../core/text/escape-text.ts';
import { nameFailed, nameUnreachable, SAYS_TOO_MUCH } from './failure-words.ts';

export const MAX_RESULT_BYTES = 256 * 1024;
const MAX_MESSAGE = 500;
const MAX_TASK = 100;
/** After these it is unknown how far the module came. */
const MAY_HAVE_RUN: readonly FailureReason[] = ['PlaybookFailed', 'PlaybookKilled', 'PlaybookUnreadable'];

/** The reasons that a module may give; any other from a node counts as PlaybookFailed. */
const MODULE_REASONS = [
  'DiskFull',
  'ReadOnlyFilesystem',
  'PrivilegeRefused',
  'AccountLockHeld',
  'ClockWrong',
  'NotPrepared',
  'LimitNotHeld',
  'FenceTooLow',
  'RemovalUnfinished',
  'OtherFleet',
  'PlaybookFailed',
] as const satisfies readonly FailureReason[];

const counter = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const answerSchema = z.object({
  outcome: z.enum(['ok', 'failed', 'unreachable', 'skipped']),
  task: z.string(),
  changed: z.boolean().optional(),
  msg: z.unknown().optional(),
  rc: z.number().optional(),
  module_stderr: z.string().optional(),
  module_stdout: z.string().optional(),
  orion_reason: z.enum(MODULE_REASONS).optional().catch(undefined),
  orion: z.unknown().optional(),
});
type Answer = z.infer<typeof answerSchema>;

const heldSchema = z.object({ holds: z.boolean().nullable(), message: z.string().max(2_000) });
/** A person accepts it exactly as shown, so nothing of it may be cut off or escaped later on. */
const shownWhole = z
  .string()
  .max(LONGEST_DIFFERENCE)
  .regex(/^[\x20-\x7e]+$/);
const differencesSchema = z.object({
  items: z
    .array(
      z.object({
        id: z.string().regex(DIFFERENCE_ID),
        kind: z.string().regex(/^[a-z_]{1,32}$/),
        text: shownWhole,
      }),
    )
    .min(1)
    .max(MOST_DIFFERENCES),
  more: counter,
  others: counter,
});
const successSchema = z.object({
  fence_seen: counter,
  uid_seen: counter,
  changed: z.boolean(),
  findings: z.array(z.string().max(1_000)).max(100).default([]),
  removed: z.array(z.string().max(1_000)).max(100).default([]),
  differences: differencesSchema.optional(),
  accepted: z.array(z.string().max(1_000)).max(100).optional(),
  limits: z.object({ processes: heldSchema, memory: heldSchema, userNamespaces: heldSchema }).optional(),
});
const seenSchema = z
  .object({
    fence_seen: counter.nullable().catch(null),
    uid_seen: counter.nullable().catch(null),
    fence_stamp: z.string().max(100).nullable().catch(null),
    fleet: z.string().regex(FLEET_ID).nullable().catch(null),
  })
  .catch({ fence_seen: null, uid_seen: null, fence_stamp: null, fleet: null });

export function failure(
  reason: FailureReason,
  message: string,
  more: Partial<Extract<PlaybookResult, { ok: false }>> = {},
): PlaybookResult {
  const unknownSeen = { task: null, fenceSeen: null, uidSeen: null, outcomeUnknown: false };
  return { ok: false, reason, message: escapeText(message, MAX_MESSAGE), ...unknownSeen, ...more };
}

/**
 * Parses the text of a run's result file into what happened. Nothing in it is believed unchecked. `said` is what
 * ssh printed about the connection. `isProven`: does this stamp prove that number?
 */
export function parseResult(
  text: string,
  said: string,
  isProven: (fence: number, stamp: string) => boolean = () => false,
): PlaybookResult {
  let answer: Answer;
  try {
    answer = answerSchema.parse(JSON.parse(text));
  } catch {
    return unreadable("Ansible's report about the run is malformed");
  }
  if (answer.outcome === 'ok') return parseSuccess(answer);
  if (answer.outcome === 'unreachable') return classifyUnreachable(answer, said);
  if (answer.outcome === 'failed') return classifyFailed(answer, isProven);
  return unreadable('the task was skipped');
}

function unreadable(message: string): PlaybookResult {
  return failure('PlaybookUnreadable', message, { outcomeUnknown: true });
}

function parseSuccess(answer: Answer): PlaybookResult {
  const parsed = successSchema.safeParse(answer.orion);
  if (!parsed.success) return unreadable('the answer of the module on the node is malformed');
  const { fence_seen, uid_seen, changed, findings, removed, limits, differences, accepted } = parsed.data;
  const show = ({ holds, message }: HeldLimit) => ({ holds, message: escapeText(message, MAX_MESSAGE) });
  return {
    ok: true,
    changed,
    fenceSeen: fence_seen,
    uidSeen: uid_seen,
    findings: findings.map((finding) => escapeText(finding, MAX_MESSAGE)),
    removed: removed.map((what) => escapeText(what, MAX_MESSAGE)),
    ...(differences && { differences }),
    ...(accepted && { accepted: accepted.map((what) => escapeText(what, MAX_MESSAGE)) }),
    ...(limits && {
      limits: {
        processes: show(limits.processes),
        memory: show(limits.memory),
        userNamespaces: show(limits.userNamespaces),
      },
    }),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function classifyUnreachable(answer: Answer, saidBySsh: string): PlaybookResult {
  const said = saidBySsh.trim() || textOf(answer.msg).replace(/^.*can be reached over ssh:\s*/s, '');
  const task = escapeText(answer.task, MAX_TASK);
  const { reason, hasStarted } = nameUnreachable(said);
  // ssh's warning has twelve lines, and only the last one says it; the fingerprint is what helps.
  const offered = /SHA256:[A-Za-z0-9+/]{43}/.exec(said)?.[0];
  const message =
    reason === 'HostKeyChanged'
      ? `the node offers another host key${offered ? ` (${offered})` : ''}`
      : said || 'ssh gave no reason';
  return failure(reason, message, { task, outcomeUnknown: hasStarted });
}

function classifyFailed(answer: Answer, isProven: (fence: number, stamp: string) => boolean): PlaybookResult {
  const task = escapeText(answer.task, MAX_TASK);
  const seen = seenSchema.parse(answer.orion);
  const { fence_seen: fenceSeen, uid_seen: uidSeen, fence_stamp: stamp, fleet: fleetSeen } = seen;
  const fenceProven = fenceSeen !== null && stamp !== null && isProven(fenceSeen, stamp);
  const ofFleet = fleetSeen === null ? {} : { fleetSeen };
  const more = { task, fenceSeen, uidSeen, ...ofFleet, ...(fenceProven ? { fenceProven } : {}) };
  const told = textOf(answer.msg);
  if (answer.orion_reason !== undefined) return failure(answer.orion_reason, told, more);
  const tooMuch = SAYS_TOO_MUCH.exec(textOf(answer.module_stderr))?.[0];
  if (tooMuch) return failure('PlaybookUnreadable', tooMuch, { ...more, outcomeUnknown: true });
  // The module never got to answer: the output of the shell, sudo or Python shows what was in its way.
  const said = `${textOf(answer.module_stderr)} ${textOf(answer.module_stdout)}`;
  const message = `${told.split('\n')[0]} ${said.trim().split('\n').slice(-3).join(' ')}`;
  const reason = nameFailed(`${told} ${said}`, answer.rc);
  return failure(reason, message, { ...more, outcomeUnknown: MAY_HAVE_RUN.includes(reason) });
}
