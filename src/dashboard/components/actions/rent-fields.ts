import { compareNames } from '../../fleet.ts';
import { html, type Markup } from '../../html.ts';
import { nodes } from '../../live.ts';
import { listChoices, type RentForm } from '../../rent-request.ts';
import { useValue } from '../../use-value.ts';

export interface RentFieldsProps {
  form: RentForm;
  change: (changes: Partial<RentForm>) => void;
  hasOwnKey: boolean;
  setOwnKey: (hasOwnKey: boolean) => void;
}

const textOf = (event: Event) => (event.target as HTMLInputElement).value;

export function RentFields(props: RentFieldsProps): Markup {
  const { form, change } = props;
  return html`
    <div class="pair">
      <label class="field">
        <span>Name <span class="muted">(optional)</span></span>
        <input name="name" maxlength="63" autocomplete="off" autofocus placeholder="build-box" value=${form.name}
          onInput=${(event: Event) => change({ name: textOf(event) })} />
      </label>
      <label class="field">
        <span>For how long <span class="muted">(30m, 6h, …)</span></span>
        <input name="ttl" autocomplete="off" placeholder="default" value=${form.ttl}
          onInput=${(event: Event) => change({ ttl: textOf(event) })} />
      </label>
    </div>
    <${MachineFields} ...${props} />
    <${KeyFields} ...${props} />
    <label class="check">
      <input type="checkbox" name="queue" checked=${form.isQueued}
        onChange=${(event: Event) => change({ isQueued: (event.target as HTMLInputElement).checked })} />
      <span>Wait in the queue when no machine is free</span>
    </label>
    <label class="check">
      <input type="checkbox" name="migrate" checked=${form.onNodeLoss === 'migrate'}
        onChange=${(event: Event) =>
          change({ onNodeLoss: (event.target as HTMLInputElement).checked ? 'migrate' : 'wait' })} />
      <span>Move to another machine when this one dies <span class="muted">(or else wait for it)</span></span>
    </label>
  `;
}

/** The zones and labels that the fleet has. Nothing is shown where nodes have neither. */
function MachineFields({ form, change }: RentFieldsProps): Markup {
  const all = [...useValue(nodes.items).values()];
  const zones = [...new Set(all.flatMap(({ spec }) => spec.zone ?? []))].toSorted(compareNames);
  const choices = listChoices(all.map(({ spec }) => spec.labels));
  if (zones.length === 0 && choices.length === 0) return null;
  return html`<div class="pair">
    ${
      zones.length > 0 &&
      html`<${Choice} word="Zone" name="zone" values=${zones} value=${form.zone}
        choose=${(zone: string) => change({ zone })} />`
    }
    ${choices.map(
      ([key, values]) =>
        html`<${Choice} key=${key} word=${key} name=${`label-${key}`} values=${values} value=${form.labels[key] ?? ''}
          choose=${(value: string) => change({ labels: { ...form.labels, [key]: value } })} />`,
    )}
  </div>`;
}

function Choice({
  word,
  name,
  values,
  value,
  choose,
}: {
  word: string;
  name: string;
  values: string[];
  value: string;
  choose: (value: string) => void;
}): Markup {
  return html`<label class="field">
    <span>${word}</span>
    <select name=${name} value=${value} onChange=${(event: Event) => choose(textOf(event))}>
      <option value="">Any</option>
      ${values.map((each) => html`<option key=${each} value=${each}>${each}</option>`)}
    </select>
  </label>`;
}

function KeyFields({ form, change, hasOwnKey, setOwnKey }: RentFieldsProps): Markup {
  return html`<fieldset>
    <legend>SSH key</legend>
    <label class="check">
      <input type="radio" name="key" checked=${!hasOwnKey} onChange=${() => setOwnKey(false)} />
      <span>Make a key pair <span class="muted">(you get the private half once)</span></span>
    </label>
    <label class="check">
      <input type="radio" name="key" checked=${hasOwnKey} onChange=${() => setOwnKey(true)} />
      <span>Use my public key</span>
    </label>
    ${
      hasOwnKey &&
      html`<textarea name="sshPublicKey" rows="3" required spellcheck=${false} aria-label="Your public key"
        placeholder="ssh-ed25519 AAAA…" value=${form.sshPublicKey}
        onInput=${(event: Event) => change({ sshPublicKey: textOf(event) })}></textarea>`
    }
  </fieldset>`;
}
