/** The time of a simulated world: it stands still until the next alarm is due, and then jumps there. */
export interface Time {
  nowMs(): number;
  /** Calls back after `delayMs`. Returns a function that cancels it. */
  after(delayMs: number, callback: () => void): () => void;
  /** Jumps to the next alarm and runs it; false when none is due by `untilMs`. */
  advance(untilMs: number): boolean;
}

interface Alarm {
  atMs: number;
  /** Breaks ties: the alarm that was set first goes off first. */
  order: number;
  callback: (() => void) | null;
}

export function createTime(): Time {
  const heap: Alarm[] = [];
  let nowMs = 0;
  let count = 0;
  return {
    nowMs: () => nowMs,
    after(delayMs, callback) {
      const alarm: Alarm = { atMs: nowMs + Math.max(delayMs, 0), order: ++count, callback };
      push(heap, alarm);
      return () => {
        alarm.callback = null;
      };
    },
    advance(untilMs) {
      for (;;) {
        const alarm = heap[0];
        if (alarm === undefined || alarm.atMs > untilMs) {
          nowMs = Math.max(nowMs, Math.min(untilMs, alarm?.atMs ?? untilMs));
          return false;
        }
        pop(heap);
        if (alarm.callback === null) continue;
        nowMs = alarm.atMs;
        alarm.callback();
        return true;
      }
    },
  };
}

function isBefore(a: Alarm, b: Alarm): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

function push(heap: Alarm[], alarm: Alarm): void {
  let index = heap.push(alarm) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!isBefore(alarm, heap[parent] as Alarm)) break;
    heap[index] = heap[parent] as Alarm;
    index = parent;
  }
  heap[index] = alarm;
}

function pop(heap: Alarm[]): void {
  const last = heap.pop() as Alarm;
  if (heap.length === 0) return;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1] as Alarm, heap[child] as Alarm)) child++;
    if (!isBefore(heap[child] as Alarm, last)) break;
    heap[index] = heap[child] as Alarm;
    index = child;
  }
  heap[index] = last;
}
