import type { Condition } from '../../../core/model/condition.ts';
import { conditionLook } from '../../condition-look.ts';
import { html, type Markup } from '../../html.ts';
import { wordsOf } from '../../words.ts';
import { Badge } from '../badge.ts';
import { Empty } from '../states.ts';
import { Ago } from '../time.ts';

/** The conditions of an object: each with its status, since when, and why. */
export function Conditions({ conditions }: { conditions: Condition[] }): Markup {
  return html`<section class="card" aria-labelledby="conditions-title">
    <h2 id="conditions-title">Conditions</h2>
    ${
      conditions.length === 0
        ? html`<${Empty} title="Nothing is known yet" />`
        : html`<ul class="conditions">
            ${conditions.map((condition) => html`<${Entry} key=${condition.type} condition=${condition} />`)}
          </ul>`
    }
  </section>`;
}

function Entry({ condition }: { condition: Condition }): Markup {
  const { type, reason, message, lastTransitionTime } = condition;
  const { tone, word } = conditionLook(condition);
  return html`<li class="condition">
    <div class="condition-head">
      <strong>${wordsOf(type)}</strong>
      <${Badge} tone=${tone} word=${word} />
      <span class="condition-since"><${Ago} at=${lastTransitionTime} /></span>
    </div>
    <p class="condition-text">
      <span>${wordsOf(reason)}</span>${message && html`<span class="muted"> · ${message}</span>`}
    </p>
  </li>`;
}
