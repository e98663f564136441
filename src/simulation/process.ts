import type { AlarmClock } from '../core/ports/clock.ts';
import type { Time } from './time.ts';

/** Where a daemon is stopped: at its n-th call of a port from now, before or after the call does its work. */
export interface StopPoint {
  calls: number;
  /** Counts only calls that change something: dying at a read is like dying after the write before it. */
  writesOnly: boolean;
  when: 'before' | 'after';
  how: () => void;
}

/**
 * A process that can be killed or stopped between any two of its steps. All that it does to the world goes through
 * `call`, and all that comes back to it through `deliver`. A dead one does and hears nothing any more. A stopped one
 * hears everything when it goes on, and until then believes what it believed before.
 */
export interface Process {
  readonly name: string;
  readonly clock: AlarmClock;
  isKilled(): boolean;
  isStopped(): boolean;
  deliver(callback: () => void): void;
  call<Result>(perform: () => Promise<Result>, kind?: 'read' | 'write'): Promise<Result>;
  /** Counts a call that is made at once, without anything in between. False: it has to go through `call`. */
  callsAtOnce(kind: 'read' | 'write'): boolean;
  stopAt(point: StopPoint | null): void;
  /** Number of calls so far that change something. */
  writes(): number;
  kill(): void;
  stop(): void;
  goOn(): void;
  /** Moves its wall clock; the monotonic one never jumps. */
  jump(ms: number): void;
}

export function createProcess(
  name: string,
  time: Time,
  options: { wallMs: number; bootMs: number },
): Process {
  let state: 'running' | 'stopped' | 'killed' = 'running';
  let held: (() => void)[] = [];
  let stopPoint: StopPoint | null = null;
  let { wallMs } = options;
  let calls = 0;
  let writes = 0;

  function deliver(callback: () => void): void {
    if (state === 'running') callback();
    else if (state === 'stopped') held.push(callback);
  }

  function count(kind: 'read' | 'write'): void {
    calls++;
    if (kind === 'write') writes++;
  }

  function reaches(when: StopPoint['when']): void {
    if (stopPoint === null || stopPoint.when !== when) return;
    if ((stopPoint.writesOnly ? writes : calls) < stopPoint.calls) return;
    const { how } = stopPoint;
    stopPoint = null;
    how();
  }

  return {
    name,
    clock: {
      now: () => new Date(wallMs + time.nowMs()),
      monotonicMs: () => options.bootMs + time.nowMs(),
      after: (delayMs, callback) => {
        let isOff = false;
        const cancel = time.after(delayMs, () => deliver(() => isOff || callback()));
        return () => {
          isOff = true;
          cancel();
        };
      },
    },
    isKilled: () => state === 'killed',
    isStopped: () => state === 'stopped',
    deliver,
    call(perform, kind = 'write') {
      if (state === 'killed') return never();
      count(kind);
      reaches('before');
      return new Promise((resolve, reject) =>
        // A process stopped just before makes its call when it goes on, with what it believed before.
        deliver(() => {
          const outcome = perform();
          reaches('after');
          outcome.then(
            (result) => deliver(() => resolve(result)),
            (error: unknown) => deliver(() => reject(error)),
          );
        }),
      );
    },
    callsAtOnce(kind) {
      if (state !== 'running' || stopPoint !== null) return false;
      count(kind);
      return true;
    },
    stopAt(point) {
      stopPoint = point && { ...point, calls: point.calls + (point.writesOnly ? writes : calls) };
    },
    writes: () => writes,
    kill() {
      state = 'killed';
      held = [];
    },
    stop() {
      if (state === 'running') state = 'stopped';
    },
    goOn() {
      if (state !== 'stopped') return;
      state = 'running';
      const callbacks = held;
      held = [];
      for (const callback of callbacks) deliver(callback);
    },
    jump(ms) {
      wallMs += ms;
    },
  };
}

/** What a dead process waits for. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}
