import { type EventView, eventTitle, eventTone } from '../../event-look.ts';
import { html, type Markup } from '../../html.ts';
import { rentals } from '../../live.ts';
import { nodePath, rentalPath } from '../../route.ts';
import { useValue } from '../../use-value.ts';
import { Icon } from '../icon.ts';
import { ClockTime } from '../time.ts';

/** Events, newest first. `about`: the subject of the page, which entries do not repeat. */
export function EventList({
  events,
  about,
}: {
  events: readonly EventView[];
  about?: 'node' | 'rental';
}): Markup {
  return html`<ol class="events">
    ${events.map((event) => html`<${EventEntry} key=${event.seq} event=${event} about=${about} />`)}
  </ol>`;
}

function EventEntry({ event, about }: { event: EventView; about?: 'node' | 'rental' }): Markup {
  const { type, at, node, rental, rentalName, message, actor } = event;
  const by =
    actor && [actor.token?.name ?? actor.token?.id ?? actor.role, actor.source].filter(Boolean).join(', ');
  const tone = eventTone(type);
  return html`<li class="event">
    <span class="event-sign tone-${tone}"><${Icon} name=${tone} size=${12} /></span>
    <div class="event-body">
      <p class="event-head">
        <strong>${eventTitle(type)}</strong>
        ${node !== null && about !== 'node' && html` <a href=${nodePath(node)}>${node}</a>`}
        ${rental !== null && about !== 'rental' && html` <${RentalLink} id=${rental} name=${rentalName} />`}
        <span class="event-time"><${ClockTime} at=${at} /></span>
      </p>
      ${message && html`<p class="event-text">${message}</p>`}
      ${by && html`<p class="event-text">by ${by}</p>`}
    </div>
  </li>`;
}

/** Shows the name from the watch, else `name` (the watch may no longer have the rental), else the id. */
export function RentalLink({ id, name }: { id: string; name?: string | null | undefined }): Markup {
  const known = useValue(rentals.items).get(id);
  return html`<a href=${rentalPath(id)}>${known?.name ?? name ?? id}</a>`;
}
