import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../core/ports/log.ts';
import type { ApiStore } from '../../core/ports/stores.ts';
import { type Credential, findPrincipal } from '../caller/credential.ts';

/** What a connection is held open for. */
type StreamKind = 'watch' | 'wait';

/** Admits streams, and ends them once the token or session that opened them is no longer valid. */
export interface StreamGate {
  /**
   * Takes a place for one more stream of this holder; `leave` frees it. Returns null when they already have `most`
   * of this kind. With `most` null there is no limit.
   */
  enter(
    credential: Credential,
    kind: StreamKind,
    most: number | null,
  ): { signal: AbortSignal; leave(): void } | null;
}

export interface GateLimits {
  /** How often the token of open streams is checked. A stream outlives its token by no more than this. */
  tokenCheckMs: number;
}

interface Holder {
  streams: Record<StreamKind, number>;
  /** Aborted when the token was revoked or has expired. */
  refused: AbortController;
  /** Aborted when the last stream has left. */
  empty: AbortController;
}

export function createStreamGate(
  { store, logger }: { store: Pick<ApiStore, 'authenticate' | 'authenticateSession'>; logger: Logger },
  { tokenCheckMs }: GateLimits,
): StreamGate {
  const holders = new Map<string, Holder>();

  /** One check covers all streams of a holder. */
  async function watchHolder(credential: Credential, { refused, empty }: Holder): Promise<void> {
    while (!empty.signal.aborted) {
      await sleep(tokenCheckMs, undefined, { signal: empty.signal }).catch(() => undefined);
      if (empty.signal.aborted) return;
      const isValid = await findPrincipal(store, credential).then(
        (principal) => principal !== null,
        (error: unknown) => {
          // An unavailable database revokes nobody's access, and delivers nothing either.
          logger.warn({ err: error }, 'the token of a watch could not be checked');
          return true;
        },
      );
      if (isValid) continue;
      holders.delete(keyOf(credential));
      refused.abort();
      return;
    }
  }

  function leaveIfEmpty(key: string, holder: Holder): null {
    if (holder.streams.watch + holder.streams.wait > 0) return null;
    if (holders.get(key) === holder) holders.delete(key);
    holder.empty.abort();
    return null;
  }

  return {
    enter(credential, kind, most) {
      const key = keyOf(credential);
      let holder = holders.get(key);
      if (!holder) {
        holder = {
          streams: { watch: 0, wait: 0 },
          refused: new AbortController(),
          empty: new AbortController(),
        };
        holders.set(key, holder);
        void watchHolder(credential, holder);
      }
      if (most !== null && holder.streams[kind] >= most) return leaveIfEmpty(key, holder);
      const mine = holder;
      mine.streams[kind]++;
      return {
        signal: mine.refused.signal,
        leave() {
          mine.streams[kind]--;
          leaveIfEmpty(key, mine);
        },
      };
    },
  };
}

function keyOf({ kind, hash }: Credential): string {
  return `${kind} ${hash}`;
}
