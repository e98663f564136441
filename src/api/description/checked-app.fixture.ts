import type { OpenAPIHono } from '@hono/zod-openapi';
import { createApp } from '../app.ts';
import type { ApiDeps, AppEnv } from '../app-env.ts';
import { type AnswerCheck, createAnswerCheck } from './described.fixture.ts';
import type { Description } from './description.fixture.ts';

export type App = OpenAPIHono<AppEnv>;

/** Made once per test file: the description depends on the code alone. */
let check: Promise<AnswerCheck> | null = null;

/** The API, with each answer to `request` checked against its description. An undescribed answer rejects. */
export function checkedApp(deps: ApiDeps): App {
  const app = createApp(deps);
  const request = app.request;
  app.request = async (input, init, ...rest) => {
    const response = await request(input, init, ...rest);
    check ??= readDescription(request).then(createAnswerCheck);
    const { method, url } =
      input instanceof Request ? input : { method: init?.method ?? 'GET', url: String(input) };
    const isStream = response.headers.get('content-type') === 'text/event-stream';
    const text = isStream || response.body === null ? null : await response.clone().text();
    const path = url.replace(/^https?:\/\/[^/]+/, '');
    (await check)({ method, path, status: response.status, headers: response.headers, text });
    return response;
  };
  return app;
}

export async function readDescription(request: App['request']): Promise<Description> {
  return (await (await request('/openapi.json')).json()) as Description;
}
