import { html, type Markup } from '../../html.ts';
import { chooseTheme, THEMES, theme } from '../../theme.ts';
import { useValue } from '../../use-value.ts';
import { Icon } from '../icon.ts';

const WORDS = { system: 'the same as the system', light: 'light', dark: 'dark' } as const;

export function ThemeButton(): Markup {
  const now = useValue(theme);
  const next = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length] ?? 'system';
  const label = `Colours: ${WORDS[now]}. Change to ${WORDS[next]}`;
  return html`<button
    type="button"
    class="button quiet icon-only"
    title=${label}
    aria-label=${label}
    onClick=${() => chooseTheme(next)}
  >
    <${Icon} name=${now} />
  </button>`;
}
