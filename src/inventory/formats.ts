import { isIP } from 'node:net';
import { z } from 'zod';
import type { LimitsPolicy } from '../core/model/limits.ts';
import { DURATION_FORMAT, formatDuration, parseDuration } from '../core/text/duration.ts';
import { parsePublicKey } from '../core/text/public-key.ts';

/** Words that mean something else to Ansible where it expects a node's name. */
const RESERVED_NAMES = ['all', 'localhost', 'ungrouped'];

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;
const USER = /^[A-Za-z_][A-Za-z0-9_-]{0,31}$/;
const LABEL_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const LABEL_PREFIX =
  /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;
/** DNS has no underscores, but the names of containers do. */
const HOST_LABEL = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/;

export const LONGEST_TIMER_MS = 24 * 24 * 3_600_000;
export const LONGEST_LEASE_MS = 366 * 24 * 3_600_000;

function isHost(text: string): boolean {
  if (isIP(text) !== 0) return true;
  if (/^[\d.]+$/.test(text) || text.length > 253) return false;
  return text
    .replace(/\.$/, '')
    .split('.')
    .every((label) => HOST_LABEL.test(label));
}

export function isLabelKey(text: string): boolean {
  const slash = text.indexOf('/');
  if (slash === -1) return LABEL_NAME.test(text);
  return LABEL_PREFIX.test(text.slice(0, slash)) && LABEL_NAME.test(text.slice(slash + 1));
}

function isLabelValue(text: string): boolean {
  return text === '' || LABEL_NAME.test(text);
}

/** A string that passes the check. For anything else the error says what was expected. */
function text(expected: string, check: (value: string) => boolean) {
  const error = (value: unknown) => `expected ${expected}, not ${show(value)}`;
  return z
    .string({ error: (issue) => error(issue.input) })
    .refine(check, { error: (issue) => error(issue.input) });
}

export const nodeName = text(
  'a name of letters, digits, "_", "-" and ".", beginning with a letter or digit, at most 63 long',
  (value) => NAME.test(value),
).refine((value) => !RESERVED_NAMES.includes(value.toLowerCase()), {
  error: (issue) => `expected a name other than ${RESERVED_NAMES.join(', ')}, not ${show(issue.input)}`,
});

export const userName = text('the name of an account', (value) => USER.test(value));
export const filePath = text('the path of a file', (value) => value !== '' && !value.includes('\0'));
export const host = text('a host name or an IP address (without port)', isHost);
export const zone = text('a zone: letters, digits, "_", "-", ".", at most 63', (value) =>
  LABEL_NAME.test(value),
);

const isPort = (value: number) => Number.isInteger(value) && value >= 1 && value <= 65_535;

/** A string of digits is a port, too: a reference to a variable expands to one. */
export const port = z
  .union(
    [
      z.number(),
      z
        .string()
        .regex(/^\d{1,5}$/)
        .transform(Number),
    ],
    {
      error: (issue) => `expected a port, 1 to 65535, not ${show(issue.input)}`,
    },
  )
  .refine(isPort, { error: (issue) => `expected a port, 1 to 65535, not ${show(issue.input)}` });

const labelValue = text(
  'text of letters, digits, "_", "-" and ".", at most 63 long (numbers and true or false in quotes)',
  isLabelValue,
);

export const labels = z
  .record(z.string(), labelValue, {
    error: (issue) => `expected labels such as { size: small }, not ${show(issue.input)}`,
  })
  .nullable()
  .transform((value) => value ?? {});

export const hostKey = z
  .string({ error: (issue) => `expected a host key such as "ssh-ed25519 AAAA…", not ${show(issue.input)}` })
  .transform((value, context) => {
    const parsed = parsePublicKey(value);
    if (parsed.ok) return parsed.key;
    context.issues.push({ code: 'custom', input: value, message: `expected a host key: ${parsed.message}` });
    return z.NEVER;
  });

/** Negative ones are accepted only where `minMs` is negative: `-1s`. */
export function duration(minMs: number, maxMs: number = LONGEST_TIMER_MS) {
  const least = minMs < 0 ? `-${formatDuration(-minMs)}` : formatDuration(minMs);
  const range = `${least} to ${formatDuration(maxMs)}`;
  return z
    .string({ error: (issue) => `expected ${DURATION_FORMAT}, not ${show(issue.input)}` })
    .transform((value, context) => {
      const isNegative = minMs < 0 && value.startsWith('-');
      const writtenMs = parseDuration(isNegative ? value.slice(1) : value);
      const parsedMs = isNegative && writtenMs !== null ? -writtenMs : writtenMs;
      if (parsedMs !== null && parsedMs >= minMs && parsedMs <= maxMs) return parsedMs;
      const expected = parsedMs === null ? DURATION_FORMAT : `a duration of ${range}`;
      context.issues.push({
        code: 'custom',
        input: value,
        message: `expected ${expected}, not ${show(value)}`,
      });
      return z.NEVER;
    });
}

export function count(min: number, max: number) {
  const error = (issue: { input?: unknown }) =>
    `expected a whole number, ${min} to ${max}, not ${show(issue.input)}`;
  return z
    .number({ error })
    .refine((value) => Number.isInteger(value) && value >= min && value <= max, { error });
}

export function numberOrNone(min: number, max: number) {
  const isRight = (value: unknown) =>
    value === 'none' || (Number.isInteger(value) && Number(value) >= min && Number(value) <= max);
  return z.custom<number | 'none'>(isRight, {
    error: (issue) => `expected a whole number, ${min} to ${max}, or none, not ${show(issue.input)}`,
  });
}

const UNITS = { MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };
/** Less could not hold a shell and its session. */
const LEAST_MEMORY = 64 * UNITS.MiB;
const MEMORY_FORMAT = 'a part such as 75%, a size of at least 64MiB such as 8GiB (MiB, GiB or TiB), or none';

/** For `policy.limits`. */
export const memory = z
  .string({ error: (issue) => `expected ${MEMORY_FORMAT}, not ${show(issue.input)}` })
  .transform((value, context): LimitsPolicy['memory'] => {
    if (value === 'none') return value;
    const percent = /^([1-9]\d?|100)%$/.exec(value)?.[1];
    if (percent !== undefined) return `${Number(percent)}%`;
    const size = /^([1-9]\d{0,5})(MiB|GiB|TiB)$/.exec(value);
    const bytes = size ? Number(size[1]) * UNITS[size[2] as keyof typeof UNITS] : 0;
    if (bytes >= LEAST_MEMORY) return bytes;
    context.issues.push({
      code: 'custom',
      input: value,
      message: `expected ${MEMORY_FORMAT}, not ${show(value)}`,
    });
    return z.NEVER;
  });

export function choice<const Word extends string>(words: readonly [Word, ...Word[]]) {
  return z.enum(words, { error: (issue) => `expected ${words.join(' or ')}, not ${show(issue.input)}` });
}

/** The value as found, short enough for a line. */
export function show(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  const written = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return written.length > 48 ? `${written.slice(0, 45)}…` : written;
}
