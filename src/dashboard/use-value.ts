import { useLayoutEffect, useReducer } from 'preact/hooks';
import type { Observable } from './observable.ts';

/** The current value. The component renders again when it changes. */
export function useValue<Value>(observable: Observable<Value>): Value {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  // Before the browser paints, and with one more check: the value may have changed since it was rendered.
  useLayoutEffect(() => {
    const seen = observable.get();
    const leave = observable.subscribe(() => redraw(0 as never));
    if (!Object.is(seen, observable.get())) redraw(0 as never);
    return leave;
  }, [observable]);
  return observable.get();
}
