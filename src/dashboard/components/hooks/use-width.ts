import { useLayoutEffect, useRef, useState } from 'preact/hooks';

/** How wide the element with this `ref` is, in pixels, also after it changed; 0 before it is on the page. */
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
