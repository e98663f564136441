import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../core/ports.ts';
import type { ApiStore } from '../core/store-ports.ts';

/** Lets streams in, and out when the token that opened them is not valid any more. */
export interface StreamGate {
  /** A place for one more stream of this token, to be left at its end; null when it holds as many as one may. */
  enter(tokenHash: string): { signal: AbortSignal; leave(): void } | null;
}

export interface GateLimits {
  streamsPerToken: number;
  /** How often the token of open streams is looked at: a stream outlives it by no more than this. */
  tokenCheckMs: number;
}

interface Holder {
  streams: number;
  /** Aborted when the token is revoked or has expired. */
  refused: AbortController;
  /** Aborted when the last stream has left. */
  empty: AbortController;
}

export function createStreamGate(
  { store, logger }: { store: Pick<ApiStore, 'authenticate'>; logger: Logger },
  { streamsPerToken, tokenCheckMs }: GateLimits,
): StreamGate {
  const holders = new Map<string, Holder>();

  /** One look for all streams of a token. */
  async function watchToken(tokenHash: string, { refused, empty }: Holder): Promise<void> {
    while (!empty.signal.aborted) {
      await sleep(tokenCheckMs, undefined, { signal: empty.signal }).catch(() => undefined);
      if (empty.signal.aborted) return;
      const isValid = await store.authenticate(tokenHash).then(
        (principal) => principal !== null,
        (error: unknown) => {
          // A database that is away takes nobody's right, and sends nobody anything either.
          logger.warn({ err: error }, 'the token of a watch could not be looked at');
          return true;
        },
      );
      if (isValid) continue;
      holders.delete(tokenHash);
      refused.abort();
      return;
    }
  }

  return {
    enter(tokenHash) {
      let holder = holders.get(tokenHash);
      if (!holder) {
        holder = { streams: 0, refused: new AbortController(), empty: new AbortController() };
        holders.set(tokenHash, holder);
        void watchToken(tokenHash, holder);
      }
      if (holder.streams >= streamsPerToken) return null;
      const mine = holder;
      mine.streams++;
      return {
        signal: mine.refused.signal,
        leave() {
          mine.streams--;
          if (mine.streams > 0) return;
          if (holders.get(tokenHash) === mine) holders.delete(tokenHash);
          mine.empty.abort();
        },
      };
    },
  };
}
