import { z } from 'zod';
import type { PlaybookResult } from '../core/ports.ts';
import type { Reason } from '../core/reason.ts';

export const MAX_RESULT_BYTES = 256 * 1024;
const MAX_MESSAGE = 500;

/** What a module may give as its reason; anything else that a node says counts as PlaybookFailed. */
const MODULE_REASONS = [
  'DiskFull',
  'ReadOnlyFilesystem',
  'PrivilegeRefused',
  'AccountLockHeld',
  'FenceTooLow',
  'PlaybookFailed',
] as const satisfies readonly Reason[];

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

const successSchema = z.object({
  fence_seen: counter,
  uid_seen: counter,
  changed: z.boolean(),
  findings: z.array(z.string().max(1_000)).max(100).default([]),
  removed: z.array(z.string().max(1_000)).max(100).default([]),
});
const seenSchema = z
  .object({ fence_seen: counter.nullable().catch(null), uid_seen: counter.nullable().catch(null) })
  .catch({ fence_seen: null, uid_seen: null });

/** Text of a node, fit for logs and terminals: one line, no control characters, bounded. */
export function escapeText(text: string, limit = MAX_MESSAGE): string {
  const line = text
    .slice(0, limit * 4)
    .replace(/[\s]+/g, ' ')
    .replace(
      /[^\x20-\x7e\u00a0-\u1fff\u2030-\ud7ff]/g,
      (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
    .trim();
  return line.length > limit ? `${line.slice(0, limit - 1)}…` : line;
}

export function failure(
  reason: Reason,
  message: string,
  more: Partial<Extract<PlaybookResult, { ok: false }>> = {},
): PlaybookResult {
  const unknownSeen = { task: null, fenceSeen: null, uidSeen: null, outcomeUnknown: false };
  return { ok: false, reason, message: escapeText(message), ...unknownSeen, ...more };
}

/** The result file of a run that ended by itself, as text, to what happened. Nothing in it is believed unchecked. */
export function parseResult(text: string): PlaybookResult {
  let answer: Answer;
  try {
    answer = answerSchema.parse(JSON.parse(text));
  } catch {
    return unreadable('what Ansible wrote about the run is not what it should be');
  }
  if (answer.outcome === 'ok') return parseSuccess(answer);
  if (answer.outcome === 'unreachable') return classifyUnreachable(answer);
  if (answer.outcome === 'failed') return classifyFailed(answer);
  return unreadable('the task was skipped');
}

function unreadable(message: string): PlaybookResult {
  return failure('PlaybookUnreadable', message, { outcomeUnknown: true });
}

function parseSuccess(answer: Answer): PlaybookResult {
  const parsed = successSchema.safeParse(answer.orion);
  if (!parsed.success) return unreadable('the answer of the module on the node is not what it should be');
  const { fence_seen, uid_seen, changed, findings, removed } = parsed.data;
  return {
    ok: true,
    changed,
    fenceSeen: fence_seen,
    uidSeen: uid_seen,
    findings: findings.map((finding) => escapeText(finding)),
    removed: removed.map((what) => escapeText(what)),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** ssh's own words. What is not known to have failed before the module started may have run. */
function classifyUnreachable(answer: Answer): PlaybookResult {
  const said = textOf(answer.msg).replace(/^.*can be reached over ssh:\s*/s, '');
  const task = escapeText(answer.task, 100);
  const is = (pattern: RegExp) => pattern.test(said);
  if (is(/Host key verification failed|HOST IDENTIFICATION HAS CHANGED|host key is known for/i)) {
    // ssh's warning is twelve lines of which the last says it; the fingerprint is what helps.
    const offered = /SHA256:[A-Za-z0-9+/]{43}/.exec(said)?.[0];
    return failure('HostKeyChanged', `the node offers another host key${offered ? ` (${offered})` : ''}`, {
      task,
    });
  }
  if (is(/no such identity|Load key .*: (?!.*bad permissions$)/))
    return failure('ControlKeyUnreadable', said, { task });
  if (is(/Permission denied \(/)) return failure('AuthRefused', said, { task });
  const neverStarted = is(
    /Connection refused|Could not resolve|No route to host|Network is unreachable|connect to host .* timed out|kex_exchange_identification|banner exchange/i,
  );
  return failure('PlaybookUnreachable', said || 'ssh gave no reason', {
    task,
    outcomeUnknown: !neverStarted,
  });
}

function classifyFailed(answer: Answer): PlaybookResult {
  const task = escapeText(answer.task, 100);
  const seen = seenSchema.parse(answer.orion);
  const more = { task, fenceSeen: seen.fence_seen, uidSeen: seen.uid_seen };
  if (answer.orion_reason !== undefined) return failure(answer.orion_reason, textOf(answer.msg), more);
  // The module did not get to speak: what stood in its way says so in the output of the shell, sudo or Python.
  const said = `${textOf(answer.module_stderr)} ${textOf(answer.module_stdout)}`;
  const all = `${textOf(answer.msg)} ${said}`;
  const message = `${textOf(answer.msg).split('\n')[0]} ${said.trim().split('\n').slice(-3).join(' ')}`;
  const reason = reasonInText(all, answer.rc);
  return failure(reason, message, { ...more, outcomeUnknown: reason === 'PlaybookFailed' });
}

function reasonInText(text: string, rc: number | undefined): Reason {
  if (rc === 127 || /python[0-9.]*'?: (command )?not found|python[0-9.]*: No such file/i.test(text))
    return 'NoPython';
  if (
    /Missing sudo password|a password is required|not in the sudoers|may not run sudo|sudo: .*not found/i.test(
      text,
    )
  )
    return 'PrivilegeRefused';
  if (/No space left on device|No usable temporary directory|Disk quota exceeded/.test(text))
    return 'DiskFull';
  if (/Read-only file system/.test(text)) return 'ReadOnlyFilesystem';
  return 'PlaybookFailed';
}
