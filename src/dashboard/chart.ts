/** A round number at or above the largest value, and the three to six marks of an axis from 0 to it. */
export function axisOf(largest: number): { top: number; marks: number[] } {
  if (!(largest > 0)) return { top: 1, marks: [0, 1] };
  const size = 10 ** Math.floor(Math.log10(largest));
  const step = [0.2, 0.5, 1, 2, 5].map((each) => each * size).find((each) => largest / each <= 5) ?? size * 2;
  const count = Math.ceil(largest / step - 1e-9);
  return { top: round(step * count), marks: Array.from({ length: count + 1 }, (_, i) => round(step * i)) };
}

/** Without the dust of binary fractions: 0.30000000000000004 is 0.3. */
function round(value: number): number {
  return Number(value.toPrecision(12));
}

/** Stacks bands: the lower and upper edge of each band at each place. */
export function stack(bands: readonly (readonly number[])[]): { low: number; high: number }[][] {
  const sums: number[] = [];
  return bands.map((values) =>
    values.map((value, i) => {
      const low = sums[i] ?? 0;
      sums[i] = low + value;
      return { low, high: low + value };
    }),
  );
}

export interface Span {
  x: number;
  width: number;
}

/** The parts of a window in pixels, each as wide as it lasts. */
export function spansOf(
  parts: readonly { from: string; seconds: number }[],
  window: { from: string; seconds: number },
  width: number,
): Span[] {
  const perSecond = width / window.seconds;
  const beginMs = Date.parse(window.from);
  return parts.map(({ from, seconds }) => ({
    x: ((Date.parse(from) - beginMs) / 1_000) * perSecond,
    width: seconds * perSecond,
  }));
}

/** Where the axis begins: close below the lowest share, or else shares near 1 would look alike. */
export function lowestShareOf(shares: readonly (number | null)[]): number {
  const least = Math.min(1, ...shares.filter((share) => share !== null));
  return [0.999, 0.99, 0.9, 0.5].find((each) => least >= each) ?? 0;
}

const DAY_S = 86_400;

/** The day in a window of more than two days, else the time of day; in the reader's time zone. */
export function timeLabel(at: string, windowS: number): string {
  const date = new Date(at);
  if (windowS > 2 * DAY_S) return date.toLocaleDateString([], { month: 'short', day: 'numeric' });
  return date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hour12: false });
}

/** The indexes of the places to label, so that no two labels are closer than `apart` pixels. */
export function labelled(count: number, width: number, apart: number): number[] {
  const most = Math.max(2, Math.floor(width / apart));
  const every = Math.max(1, Math.ceil(count / most));
  return Array.from({ length: Math.ceil(count / every) }, (_, i) => i * every);
}
