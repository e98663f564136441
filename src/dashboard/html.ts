import htm from 'htm';
import { type ComponentChild, h } from 'preact';

/** What components give back: markup as tagged templates, so that no compiler is needed beyond the project's own. */
export type Markup = ComponentChild;

/** Values in a template are always text or attributes, never markup: nothing that comes from outside can be a script. */
export const html = htm.bind(h) as (strings: TemplateStringsArray, ...values: unknown[]) => Markup;
