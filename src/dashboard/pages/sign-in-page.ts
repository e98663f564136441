import { useState } from 'preact/hooks';
import { Logo } from '../components/shell/logo.ts';
import { ThemeButton } from '../components/shell/theme-button.ts';
import { Failure } from '../components/states.ts';
import { html, type Markup } from '../html.ts';
import { type Problem, problemOf } from '../problem.ts';
import { signIn } from '../session.ts';

export function SignInPage({ wasSignedIn }: { wasSignedIn: boolean }): Markup {
  const [token, setToken] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    await signIn(token).catch((thrown: unknown) => setProblem(problemOf(thrown)));
    setBusy(false);
  }

  return html`<main class="alone">
    <form class="sign-in" onSubmit=${submit}>
      <div class="sign-in-head"><${Logo} size=${44} /><${ThemeButton} /></div>
      <h1>Sign in to Orion</h1>
      ${
        wasSignedIn &&
        html`<p class="note" role="status">Your session has ended: it expired, or its token is no longer valid.</p>`
      }
      <label class="field">
        <span>Token</span>
        <input
          type="password"
          name="token"
          autocomplete="current-password"
          placeholder="orion_…"
          required
          autofocus
          spellcheck=${false}
          value=${token}
          onInput=${(event: InputEvent) => setToken((event.target as HTMLInputElement).value)}
        />
      </label>
      <p class="muted small">
        An administrator gives you one. In a lab it is in <code>lab.env</code> as <code>ORION_TOKEN</code>, or as
        <code>ORION_ADMIN_TOKEN</code> for administrators. Your browser does not keep it.
      </p>
      ${problem && html`<${Failure} problem=${problem} />`}
      <button type="submit" class="button primary wide" disabled=${isBusy || token.trim() === ''}>
        ${isBusy ? 'Signing in…' : 'Sign in'}
      </button>
    </form>
  </main>`;
}
