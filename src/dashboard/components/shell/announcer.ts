import { useEffect, useState } from 'preact/hooks';
import { announcementOf } from '../../event-look.ts';
import { html, type Markup } from '../../html.ts';
import { onEvent } from '../../live.ts';
import { plural } from '../../words.ts';

/** Changes within this time are announced together. */
const GATHER_MS = 1_500;
const SAID_AT_ONCE = 3;

/** Announces to screen readers what others see happen. */
export function Announcer(): Markup {
  const [text, setText] = useState('');
  useEffect(() => {
    let waiting: string[] = [];
    let timer: ReturnType<typeof setTimeout> | null = null;
    const say = () => {
      timer = null;
      setText(
        waiting.length > SAID_AT_ONCE
          ? `${plural(waiting.length, 'change')} in the fleet`
          : waiting.join('. '),
      );
      waiting = [];
    };
    const leave = onEvent((event) => {
      const announcement = announcementOf(event);
      if (announcement === null) return;
      waiting.push(announcement);
      timer ??= setTimeout(say, GATHER_MS);
    });
    return () => {
      leave();
      if (timer !== null) clearTimeout(timer);
    };
  }, []);
  return html`<div class="unseen" aria-live="polite" role="log">${text}</div>`;
}
