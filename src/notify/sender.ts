import type { AlarmClock } from '../core/ports/clock.ts';
import type { MessageSender, OutboxStore, SenderTerm } from '../core/ports/deliveries.ts';
import type { AttemptEnd, AttemptOutcome, ClaimedDelivery, DueDelivery } from '../core/ports/delivery.ts';
import type { Logger } from '../core/ports/log.ts';
import { listSigningVersions } from '../core/tenant/secret-rotation.ts';
import { type Backoff, computeDelayMs } from '../core/text/backoff.ts';
import type { PostOptions, PostResult, postMessage } from './post.ts';
import { signMessage } from './sign.ts';
import { createSlots } from './slots.ts';

export interface SenderDeps {
  store: OutboxStore;
  post: typeof postMessage;
  secretOf: (tenant: string, version: number) => string;
  allowed: PostOptions['allowed'];
  nameServers?: readonly string[] | undefined;
  userAgent: string;
  clock: AlarmClock;
  random: () => number;
  logger: Logger;
  metrics: { webhookAttempted(outcome: AttemptOutcome): void };
}

/** How soon a message is noticed when nobody woke the sender for it. */
const POLL_MS = 1_000;
const DEADLINE_MS = 10_000;
const BACKOFF: Backoff = { baseMs: 1_000, maxMs: 3_600_000 };
/** A message whose turn came late, as behind others or after an outage, still gets this many attempts. */
const MIN_ATTEMPTS = 5;
/** Far more than can be in flight, so that a slow receiver's messages hide nobody else's. */
const LIST_LIMIT = 1_000;
const LIMITS = { total: 32, perTenant: 16, perReceiver: 4 };

/**
 * Sends what is in the outbox, at least once and in order per rental. Only the leader runs it: an attempt is
 * counted under the fence before it is made, and a message has its turn when the one before it was delivered or
 * given up.
 */
export function createSender(deps: SenderDeps): MessageSender {
  const { store, clock, logger } = deps;
  let wakeUp: (() => void) | null = null;
  let isWoken = false;
  const wake = () => {
    isWoken = true;
    wakeUp?.();
  };

  function pause(signal: AbortSignal): Promise<void> {
    if (isWoken || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        cancel();
        signal.removeEventListener('abort', end);
        wakeUp = null;
        resolve();
      };
      const cancel = clock.after(POLL_MS, end);
      signal.addEventListener('abort', end, { once: true });
      wakeUp = end;
    });
  }

  async function run(term: SenderTerm): Promise<void> {
    const { signal } = term;
    const slots = createSlots(LIMITS);
    const underWay = new Set<Promise<void>>();
    const start = (due: DueDelivery) => {
      const sending = sendOne(due, term, deps)
        .catch((error: unknown) => {
          logger.warn({ err: error, delivery: due.id }, 'a message stays in the outbox');
          return false;
        })
        .then((wasTried) => {
          slots.free(due);
          underWay.delete(sending);
          // There is room for another, and the rental's next message may have its turn. Else the poll is soon enough.
          if (wasTried) wake();
        });
      underWay.add(sending);
    };
    while (!signal.aborted) {
      isWoken = false;
      const due = await store.listDueDeliveries(clock.now(), LIST_LIMIT).catch((error: unknown) => {
        logger.warn({ err: error }, 'the outbox could not be read');
        return [];
      });
      for (const each of due) if (!signal.aborted && slots.take(each)) start(each);
      await pause(signal);
    }
    await Promise.all(underWay);
  }

  return { wake, run };
}

/** False when another process leads or was faster, or when the signal came. */
async function sendOne(due: DueDelivery, term: SenderTerm, deps: SenderDeps): Promise<boolean> {
  const { store, clock, random } = deps;
  if (!term.mayAct()) return false;
  const delayMs = computeDelayMs(due.attempts + 1, BACKOFF, random());
  const until = new Date(clock.now().getTime() + DEADLINE_MS + delayMs);
  const claimed = await store.claimDelivery(term.leadership, due, until);
  if (claimed === null || claimed === 'deposed' || !term.mayAct()) return false;
  if (due.url === null) {
    await store.endAttempt(claimed, dead('the rental has no webhook any more', clock.now()));
    return true;
  }
  const result = await post(due, due.url, claimed, term, deps);
  await store.endAttempt(claimed, endOf(result, claimed, delayMs, clock.now()));
  if (result.kind === 'aborted') return false;
  const outcome = result.kind === 'failed' ? result.outcome : result.kind;
  deps.metrics.webhookAttempted(outcome);
  const { messageId: message, attempts } = claimed;
  const error = result.kind === 'failed' ? { error: result.error } : {};
  deps.logger.info({ message, rental: due.rentalId, attempts, outcome, ...error }, 'a webhook was called');
  return true;
}

function post(
  { tenant }: DueDelivery,
  url: string,
  { messageId, body, secret }: ClaimedDelivery,
  { signal }: SenderTerm,
  deps: SenderDeps,
): Promise<PostResult> {
  const now = deps.clock.now();
  const secrets = listSigningVersions(secret, now).map((version) => deps.secretOf(tenant, version));
  const text = JSON.stringify(body);
  const headers = {
    'content-type': 'application/json',
    'user-agent': deps.userAgent,
    ...signMessage({ id: messageId, body: text }, secrets, now),
  };
  const { allowed, nameServers } = deps;
  const options = { allowed, nameServers, signal, now, deadlineMs: DEADLINE_MS };
  return deps.post({ url, headers, body: text }, options);
}

function endOf(result: PostResult, claimed: ClaimedDelivery, delayMs: number, now: Date): AttemptEnd {
  if (result.kind === 'delivered') return { kind: 'delivered', at: now };
  // The next leader need not wait for this claim to end.
  if (result.kind === 'aborted') {
    return { kind: 'failed', error: 'the daemon stopped while it was being sent', nextAttemptAt: now };
  }
  const { error, isFinal, retryAfterMs } = result;
  const isOver = now >= claimed.giveUpAt && claimed.attempts >= MIN_ATTEMPTS;
  if (isFinal || isOver) return dead(error, now);
  return { kind: 'failed', error, nextAttemptAt: new Date(now.getTime() + Math.max(delayMs, retryAfterMs)) };
}

function dead(error: string, at: Date): AttemptEnd {
  return { kind: 'dead', error, at };
}
