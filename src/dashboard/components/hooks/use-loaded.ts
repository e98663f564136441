import { useEffect, useState } from 'preact/hooks';
import { type Problem, problemOf } from '../../problem.ts';

export interface Loaded<Value> {
  value: Value | null;
  problem: Problem | null;
  isLoading: boolean;
  again: () => void;
}

/** Loads once for these inputs. The old value stays while it is loaded again. */
export function useLoaded<Value>(
  load: (signal: AbortSignal) => Promise<Value>,
  inputs: readonly unknown[],
): Loaded<Value> {
  const [turn, setTurn] = useState(0);
  const [state, setState] = useState<Omit<Loaded<Value>, 'again'>>({
    value: null,
    problem: null,
    isLoading: true,
  });
  useEffect(() => {
    const over = new AbortController();
    setState((old) => ({ ...old, problem: null, isLoading: true }));
    load(over.signal).then(
      (value) => {
        if (!over.signal.aborted) setState({ value, problem: null, isLoading: false });
      },
      (thrown: unknown) => {
        if (over.signal.aborted) return;
        setState((old) => ({ ...old, problem: problemOf(thrown), isLoading: false }));
      },
    );
    return () => over.abort();
  }, [...inputs, turn]);
  return { ...state, again: () => setTurn((count) => count + 1) };
}
