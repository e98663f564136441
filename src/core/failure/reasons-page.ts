import { NODE_BACKOFF, QUARANTINE_RETRY_MS, SAME_NODE_BACKOFF } from '../text/backoff.ts';
import { formatDuration } from '../text/duration.ts';
import { REASONS } from './reason.ts';
import { isFailure, REMEDIES, type Remedy, type Retry } from './remedy.ts';

const RETRIED: Record<Retry, string> = {
  probe: 'by the next probe',
  work: 'after a pause',
  person: 'waits for a person',
  own: 'in a few seconds',
};

/** docs/reasons.md, generated so that it cannot differ from what the program does. */
export function writeReasonsPage(): string {
  const { baseMs, maxMs } = NODE_BACKOFF;
  const failures = Object.entries(REMEDIES).map(([reason, remedy]) => formatFailure(reason, remedy));
  const others = Object.entries(REASONS).filter(([reason]) => !isFailure(reason));
  return `# Reasons

Made from \`src/core/failure/reason.ts\` and \`src/core/failure/remedy.ts\`; a test keeps them equal
(\`npx vitest run --project unit src/core/failure/reasons-page.test.ts -u\` rewrites this page).

A reason is one word from a closed list. It appears in the conditions of nodes and rentals, in the history
(\`orion get events\`), in the metrics that count events, and in the logs, beside a message that says what was tried and
what came back. \`orion describe node NODE\` shows the conditions and what happens next.

## Failures of a node

None of them delays another node or stops the daemon. When each is tried again:

- **by the next probe**: while a node is failing, 1 s and 2 s after the first failure and then every
  \`probe.deadAfter / probe.failures\`; once it is judged dead, every \`probe.deadAfter\`, but at least every
  \`probe.interval\`. It comes back by itself as soon as it answers.
- **after a pause**: ${formatDuration(baseMs)} after the first failure, twice as long after each further one, at most ${formatDuration(maxMs)}, each spread by 20 %;
  \`status.nextAttemptAt\` of the node says when, and nothing is tried while the node fails its probes. A node whose
  cleaning fails another \`clean.retries\` times is quarantined and tried every ${formatDuration(QUARANTINE_RETRY_MS)}. An account that could not
  be made is made on another node instead, and the node that failed is cleaned; on the same node it is tried again after
  ${formatDuration(SAME_NODE_BACKOFF.baseMs)}, twice as long each time, at most ${formatDuration(SAME_NODE_BACKOFF.maxMs)}.
- **waits for a person**: the node is probed as often as the others and comes back if the failure heals, but Orion
  deliberately does nothing to end it.
- **in a few seconds**: the fault is the control plane's own. It counts neither as a probe result nor as a failed
  placement: the node keeps its last verdict, nothing new is placed on it meanwhile, and the work is repeated.

| reason | means | tried again | what an operator does |
|---|---|---|---|
${failures.join('\n')}

## All the others

They describe the state of a node or a rental; nothing has failed.

| reason | means |
|---|---|
${others.map(([reason, meaning]) => `| \`${reason}\` | ${meaning} |`).join('\n')}
`;
}

function formatFailure(reason: string, { retry, command, operator }: Remedy): string {
  const hastened =
    command === undefined ? '' : retry === 'person' ? `: \`${command}\`` : `, or at once: \`${command}\``;
  const meaning = REASONS[reason as keyof typeof REASONS];
  return `| \`${reason}\` | ${meaning} | ${RETRIED[retry]}${hastened} | ${operator} |`;
}
