import { render } from 'preact';
import { App } from './app.ts';
import { html } from './html.ts';
import { startRouter } from './router.ts';
import { applyTheme } from './theme.ts';

applyTheme();
startRouter();
const root = document.getElementById('page');
if (root === null) throw new Error('the page has no place for the dashboard');
root.replaceChildren();
render(html`<${App} />` as never, root);
