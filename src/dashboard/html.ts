import htm from 'htm';
import { type ComponentChild, h } from 'preact';

/** What components return. Markup is written in tagged templates, so it needs no compiler of its own. */
export type Markup = ComponentChild;

/** Values in a template are always text or attributes, never markup: no outside value can become a script. */
export const html = htm.bind(h) as (strings: TemplateStringsArray, ...values: unknown[]) => Markup;
