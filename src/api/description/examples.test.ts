import { beforeAll, describe, expect, test } from 'vitest';
import { createApiBench } from '../api.fixture.ts';
import { PROBLEMS } from '../problem.ts';
import { readDescription } from './checked-app.fixture.ts';
import { composeExample } from './compose-example.ts';
import { type Complain, createComplain } from './described.fixture.ts';
import { type Answer, type Description, listCalls, type MediaType } from './description.fixture.ts';

let description: Description;
let complain: Complain;
beforeAll(async () => {
  description = await readDescription((await createApiBench()).app.request);
  complain = createComplain(description);
});

/** All bodies sent and answered, by where they are in the description. */
function listMedia(): (readonly [string, MediaType])[] {
  return listCalls(description).flatMap(({ name, operation }) => {
    const bodies = [
      ['request', operation.requestBody?.content] as const,
      ...Object.entries(operation.responses).map(([status, { content }]) => [status, content] as const),
    ];
    return bodies.flatMap(([what, content = {}]) =>
      Object.entries(content).map(([type, media]) => [`${name} ${what} ${type}`, media] as const),
    );
  });
}

function examplesOf({ example, examples = {} }: MediaType): unknown[] {
  const named = Object.values(examples).map(
    ({ $ref }) => description.components.examples[$ref.replace('#/components/examples/', '')]?.value,
  );
  return example === undefined ? named : [example, ...named];
}

describe('the examples of the description', () => {
  test('are there for each body that is sent or answered', () => {
    const bare = listMedia().filter(([, media]) => examplesOf(media).length === 0);
    // An image has none.
    expect(bare.map(([where]) => where)).toEqual(['GET /docs/{version}/{file} 200 image/png']);
  });

  test('are what their schemas say, and not one field more', () => {
    let count = 0;
    for (const [where, media] of listMedia()) {
      for (const example of examplesOf(media)) {
        count++;
        expect(complain(media.schema ?? {}, example), where).toEqual([]);
      }
    }
    for (const [name, schema] of Object.entries(description.components.schemas)) {
      if ('example' in schema) expect(complain(schema, schema.example), name).toEqual([]);
    }
    expect(count).toBeGreaterThan(300);
  });

  test('of headers are what their schemas say', () => {
    const answers = listCalls(description).flatMap(({ name, operation }) =>
      Object.entries(operation.responses).map(([status, answer]) => [`${name} ${status}`, answer] as const),
    );
    for (const [where, { headers = {} }] of answers as [string, Answer][]) {
      for (const [name, { schema, example, description: about }] of Object.entries(headers)) {
        expect(about, `${where} ${name}`).toBeTruthy();
        expect(complain(schema, example), `${where} ${name}`).toEqual([]);
      }
    }
  });

  test('of problems say the status that they come with', () => {
    for (const [code, { status }] of Object.entries(PROBLEMS)) {
      expect(description.components.examples[code]?.value, code).toMatchObject({ code, status });
    }
  });

  test('that are wrong are found out', () => {
    const { Rental } = description.components.schemas;
    const [good] = [Rental?.example as Record<string, unknown>];
    expect(complain(Rental ?? {}, { ...good, secret: 1 })).not.toEqual([]);
    expect(complain(Rental ?? {}, { ...good, name: 7 })).not.toEqual([]);
  });
});

test('an example is composed of those of its parts, or is none', () => {
  const schemas = { Name: { type: 'string', example: 'a' } };
  const compose = (schema: object) => composeExample(schemas, schema);
  const name = { $ref: '#/components/schemas/Name' };
  const properties = { name, count: { type: 'integer', minimum: 3 }, gone: { type: ['string', 'null'] } };
  const page = { properties: { items: { type: 'array', items: { type: 'object', properties } } } };
  expect(compose(page)).toEqual({ items: [{ name: 'a', count: 3, gone: null }] });
  expect(compose({ allOf: [{ properties: { name } }, { properties: { on: { type: 'boolean' } } }] })).toEqual(
    { name: 'a', on: false },
  );
  expect(compose({ anyOf: [name, { type: 'null' }] })).toBe('a');
  expect(compose({ properties: { name, text: { type: 'string' } } })).toBeUndefined();
});
