import type { Reason } from '../../core/failure/reason.ts';
import type { Actor } from '../../core/history/actor.ts';
import type { EventType, NewEvent } from '../../core/history/event.ts';
import type { AlarmClock } from '../../core/ports/clock.ts';
import type { Logger } from '../../core/ports/log.ts';
import type { ApiStore } from '../../core/ports/stores.ts';
import { placeOf } from '../../core/tenant/request-source.ts';
import { escapeText } from '../../core/text/escape-text.ts';
import { createAttempts } from './attempts.ts';

/** Records refusals in the history as totals, so that nobody can fill it by being refused. */
export interface Refusals {
  /** The token or session presented was not valid. */
  stranger(what: 'call' | 'sign-in', source: string | null): void;
  /** A known caller asked for something that is not theirs. `call` is the first line of the request. */
  denied(actor: Actor, call: string): void;
  /** Counts a wrong bearer token. Returns the seconds until this place should try again; 0: it is below the limit. */
  slowDown(source: string | null): number;
  /** Writes the counts to the history. */
  close(): Promise<void>;
}

const WINDOW_MS = 60_000;
const WRONG_TOKENS_PER_WINDOW = 10;
/** Entries of each kind per window. All further places share one more. */
const MAX_PLACES = 20;
const LONGEST_CALL = 100;

export function createRefusals({
  store,
  clock,
  logger,
}: {
  store: Pick<ApiStore, 'recordEvents'>;
  clock: AlarmClock;
  logger: Logger;
}): Refusals {
  const attempts = createAttempts(WRONG_TOKENS_PER_WINDOW, WINDOW_MS, () => clock.monotonicMs());
  const strangers = createTally();
  const known = createTally();
  let cancel: (() => void) | null = null;

  async function write(): Promise<void> {
    cancel?.();
    cancel = null;
    const at = clock.now();
    const events = [...strangers.take(), ...known.take()].map((toEvent) => toEvent(at));
    if (events.length === 0) return;
    await store.recordEvents(events).catch((error: unknown) => {
      logger.warn(
        { err: error, refused: events.map(({ message }) => message) },
        'refusals could not be recorded in the history',
      );
    });
  }
  const soon = () => {
    cancel ??= clock.after(WINDOW_MS, () => void write());
  };

  return {
    stranger(what, source) {
      strangers.count(`${what} ${placeOf(source)}`, describeStranger(what, source));
      soon();
    },
    denied(actor, call) {
      known.count(`${actor.token?.id}`, describeDenial(actor, call));
      soon();
    },
    slowDown(source) {
      const place = placeOf(source);
      const waitS = attempts.waitS(place);
      if (waitS === 0) attempts.fail(place);
      return waitS;
    },
    close: write,
  };
}

const NOBODY: Actor = { token: null, tenant: null, role: null, source: null };

function describeStranger(what: 'call' | 'sign-in', source: string | null): Describe {
  return (count, isRest) => {
    const from = isRest ? 'from other addresses' : `from ${placeOf(source)}`;
    const message = `${count} × ${isRest ? 'refused' : `${what} refused`} ${from}: the token is not valid`;
    const actor = { ...NOBODY, source: isRest ? null : source };
    return entryOf('access.refused', 'TokenRefused', message, actor);
  };
}

function describeDenial(actor: Actor, call: string): Describe {
  const shown = escapeText(call, LONGEST_CALL);
  return (count, isRest) => {
    const others = count === 1 ? '' : ` and ${count - 1} more`;
    const calls = isRest ? `${count} calls with other tokens` : `${shown}${others}`;
    const message = `${calls}: administrators only`;
    return entryOf('access.denied', 'AccessDenied', message, isRest ? NOBODY : actor);
  };
}

function entryOf(type: EventType, reason: Reason, message: string, actor: Actor): (at: Date) => NewEvent {
  const about = { rentalId: null, node: null, tenant: actor.tenant, object: null };
  return (at) => ({ type, at, ...about, reason, message, actor });
}

type Describe = (count: number, isRest: boolean) => (at: Date) => NewEvent;

/** Counts per key for the first `MAX_PLACES` keys, and all others together. */
function createTally() {
  let counts = new Map<string | null, { count: number; describe: Describe }>();
  return {
    count(key: string, describe: Describe) {
      const place = counts.has(key) || counts.size < MAX_PLACES ? key : null;
      const entry = counts.get(place) ?? { count: 0, describe };
      counts.set(place, { ...entry, count: entry.count + 1 });
    },
    take() {
      const taken = [...counts].map(([key, { count, describe }]) => describe(count, key === null));
      counts = new Map();
      return taken;
    },
  };
}
