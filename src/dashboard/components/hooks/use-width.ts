import { useLayoutEffect, useRef, useState } from 'preact/hooks';

/** The width of the element with this `ref` in pixels, kept up to date; 0 before it is on the page. */
export function useWidth(): { ref: { current: HTMLElement | null }; width: number } {
  const ref = useRef<HTMLElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { ref, width };
}
