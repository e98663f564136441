import type { Ledger } from './ledger.ts';
import type { Span } from './time.ts';

/** The outages of one rental: when its client was entitled to a working machine and had none. */
export interface Outages {
  isDown(): boolean;
  /** Its client comes to depend on another node. */
  dependFrom(atMs: number): void;
  /** `failingSinceMs`: the first sign of failure. Without effect during an outage. */
  begin(atMs: number, failingSinceMs: number): void;
  end(atMs: number): void;
  /** The rental ended. If it was down, it never came back, so no outage time is recorded. */
  drop(): void;
  /** Its machine restarted; `silentSinceMs` is the last answer before that. */
  restart(silentSinceMs: number, atMs: number): void;
}

export function createOutages(ledger: Ledger): Outages {
  let downSinceMs: number | null = null;
  /** The last outage that is over. */
  let wasDown: Span | null = null;
  /** When its client began to depend on the node. */
  let dependsSinceMs = 0;

  return {
    isDown: () => downSinceMs !== null,
    dependFrom(atMs) {
      dependsSinceMs = atMs;
    },
    begin(atMs, failingSinceMs) {
      if (downSinceMs !== null) return;
      // A node that failed before the rental came to depend on it has cost it nothing until then.
      downSinceMs = Math.min(Math.max(failingSinceMs, dependsSinceMs), atMs);
      ledger.addOutage(atMs);
    },
    end(atMs) {
      if (downSinceMs === null) return;
      ledger.addTime('outage', downSinceMs, atMs);
      wasDown = { fromMs: downSinceMs, toMs: atMs };
      downSinceMs = null;
    },
    drop() {
      downSinceMs = null;
    },
    // What ran on the machine ended some time after the last answer, so the rental counts as down from that answer
    // on. If a probe failed meanwhile, that outage gets longer; if none did, this is a new one.
    restart(silentSinceMs, atMs) {
      const fromMs = Math.max(silentSinceMs, dependsSinceMs);
      const known = downSinceMs === null ? wasDown : { fromMs: downSinceMs, toMs: atMs };
      const isKnown = known !== null && known.toMs > fromMs;
      const toMs = isKnown ? known.fromMs : atMs;
      if (fromMs >= toMs) return;
      ledger.addDowntime({ fromMs, toMs });
      if (downSinceMs !== null) {
        downSinceMs = fromMs;
        return;
      }
      wasDown = { fromMs, toMs: isKnown ? known.toMs : atMs };
      if (isKnown) ledger.prolongOutage(wasDown);
      else {
        ledger.addOutage(atMs);
        ledger.addTime('outage', fromMs, atMs);
      }
    },
  };
}
