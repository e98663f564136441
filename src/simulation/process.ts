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
  const held: (() => void)[] = [];
  const calls = createCallCount();
  const clock = createClock(time, options, deliver);

  function deliver(callback: () => void): void {
    if (state === 'running') callback();
    else if (state === 'stopped') held.push(callback);
  }

  return {
    name,
    clock,
    isKilled: () => state === 'killed',
    isStopped: () => state === 'stopped',
    deliver,
    call(perform, kind = 'write') {
      if (state === 'killed') return never();
      calls.count(kind);
      calls.reach('before');
      return new Promise((resolve, reject) =>
        // A process stopped just before makes its call when it goes on, with what it believed before.
        deliver(() => {
          const outcome = perform();
          calls.reach('after');
          outcome.then(
            (result) => deliver(() => resolve(result)),
            (error: unknown) => deliver(() => reject(error)),
          );
        }),
      );
    },
    callsAtOnce(kind) {
      if (state !== 'running' || calls.isStopPlanned()) return false;
      calls.count(kind);
      return true;
    },
    stopAt: calls.stopAt,
    writes: calls.writes,
    kill() {
      state = 'killed';
      held.length = 0;
    },
    stop() {
      if (state === 'running') state = 'stopped';
    },
    goOn() {
      if (state !== 'stopped') return;
      state = 'running';
      for (const callback of held.splice(0)) deliver(callback);
    },
    jump: clock.jump,
  };
}

/** Counts the calls of a process, and stops it where that is planned. */
function createCallCount() {
  let stopPoint: StopPoint | null = null;
  let calls = 0;
  let writes = 0;
  return {
    count(kind: 'read' | 'write'): void {
      calls++;
      if (kind === 'write') writes++;
    },
    reach(when: StopPoint['when']): void {
      if (stopPoint === null || stopPoint.when !== when) return;
      if ((stopPoint.writesOnly ? writes : calls) < stopPoint.calls) return;
      const { how } = stopPoint;
      stopPoint = null;
      how();
    },
    stopAt(point: StopPoint | null): void {
      stopPoint = point && { ...point, calls: point.calls + (point.writesOnly ? writes : calls) };
    },
    isStopPlanned: () => stopPoint !== null,
    writes: () => writes,
  };
}

/** The clock of a process. A stopped process hears an alarm late, and not at all if it cancels it before that. */
function createClock(
  time: Time,
  { bootMs, ...options }: { wallMs: number; bootMs: number },
  deliver: Process['deliver'],
): AlarmClock & Pick<Process, 'jump'> {
  let { wallMs } = options;
  return {
    now: () => new Date(wallMs + time.nowMs()),
    monotonicMs: () => bootMs + time.nowMs(),
    after(delayMs, callback) {
      let isOff = false;
      const cancel = time.after(delayMs, () => deliver(() => isOff || callback()));
      return () => {
        isOff = true;
        cancel();
      };
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
