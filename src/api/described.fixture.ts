import type { OpenAPIHono } from '@hono/zod-openapi';
import { expect } from 'vitest';
import type { z } from 'zod';
import type { AppEnv } from './app-env.ts';
import { problemSchema } from './schemas.ts';

interface DescribedRoute {
  method: string;
  path: string;
  responses: Record<number, { content?: Record<string, { schema: z.ZodType }> }>;
}

export function listDescribed(app: OpenAPIHono<AppEnv>): DescribedRoute[] {
  return app.openAPIRegistry.definitions.flatMap((definition) =>
    definition.type === 'route' ? [definition.route as unknown as DescribedRoute] : [],
  );
}

/** An answer is one that the description names, with the body that it says, and not one field more. */
export async function expectDescribed(
  app: OpenAPIHono<AppEnv>,
  method: string,
  path: string,
  response: Response,
): Promise<void> {
  const [type = ''] = (response.headers.get('content-type') ?? '').split(';');
  const route = listDescribed(app).find(
    (each) => each.method.toUpperCase() === method && patternOf(each.path).test(path.split('?')[0] ?? ''),
  );
  const what = `${method} ${route?.path ?? path} -> ${response.status} ${type}`;
  if (!route) {
    expect([404, 405], `${what}: no such route`).toContain(response.status);
    return expectShape(problemSchema, await response.clone().json(), what);
  }
  const described = route.responses[response.status];
  expect(described, `${what} is not described`).toBeDefined();
  if (response.body === null) return expect(described?.content, what).toBeUndefined();
  const schema = described?.content?.[type]?.schema;
  expect(schema, `${what}: that type is not described`).toBeDefined();
  if (schema && type.endsWith('json')) expectShape(schema, await response.clone().json(), what);
}

function expectShape(schema: z.ZodType, body: unknown, what: string): void {
  const parsed = schema.safeParse(body);
  expect(parsed.error?.issues ?? [], what).toEqual([]);
  // What the schema does not know is not in what it read.
  expect(parsed.data, `${what}: fields that are not described`).toEqual(body);
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{[^}]+\}/g, '[^/]+')}$`);
}
