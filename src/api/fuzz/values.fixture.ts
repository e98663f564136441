import fc from 'fast-check';
import { type Description, resolveSchema, type Schema } from '../description/description.fixture.ts';

/** Values that are valid here and now, by field name. No schema can know them. */
export type Hints = Record<string, readonly unknown[]>;

/** Values that the schema allows. Now and then the code alone refuses one. */
export function createValues(
  description: Description,
  schema: Schema,
  hints: Hints,
  name = '',
): fc.Arbitrary<unknown> {
  const known = hints[name];
  const generic = valuesOf(description, resolveSchema(description, schema), hints);
  if (known === undefined || known.length === 0) return generic;
  return fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: generic });
}

function valuesOf(description: Description, schema: Schema, hints: Hints): fc.Arbitrary<unknown> {
  const inner = (part: Schema, name = '') => createValues(description, part, hints, name);
  if ('const' in schema) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const options = schema.anyOf ?? schema.oneOf;
  if (options) return fc.oneof(...options.map((part) => inner(part)));
  if (schema.allOf) {
    return fc
      .tuple(...schema.allOf.map((part) => inner(part)))
      .map((parts) => Object.assign({}, ...parts) as unknown);
  }
  return fc.oneof(...[schema.type ?? 'null'].flat().map((type) => simpleValues(type, schema, inner)));
}

function simpleValues(
  type: string,
  schema: Schema,
  inner: (part: Schema, name?: string) => fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> {
  if (type === 'boolean') return fc.boolean();
  if (type === 'integer') return fc.integer({ min: schema.minimum ?? -10, max: schema.maximum ?? 1_000 });
  if (type === 'number') return fc.double({ noNaN: true });
  if (type === 'string') return strings(schema);
  if (type === 'array') return fc.array(inner(schema.items ?? {}), { maxLength: 4 });
  if (type !== 'object') return fc.constant(null);
  const { properties = {}, required = [], additionalProperties: rest } = schema;
  const fields = Object.fromEntries(Object.entries(properties).map(([key, part]) => [key, inner(part, key)]));
  if (typeof rest !== 'object') return fc.record(fields, { requiredKeys: required });
  return fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9.-]{0,9}[a-z]$/), inner(rest), { maxKeys: 4 });
}

function strings({ pattern, minLength = 0, maxLength = 60, format, example }: Schema): fc.Arbitrary<string> {
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
  if (format === 'date-time') return fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
  const any = fc.string({ minLength, maxLength: Math.min(maxLength, 200), unit: 'grapheme' });
  return typeof example === 'string' ? fc.oneof(fc.constant(example), any) : any;
}

const NASTY: unknown[] = [
  ...['', ' ', '\u0000', 'a\u0000b', '\n', '\ud800', '\u202e', '💥'.repeat(300), 'x'.repeat(9_000), 'İ', 'ß'],
  ...[
    '../..',
    '../../etc/passwd',
    "' OR 1=1 -- ",
    '"; DROP TABLE rentals; --',
    '%00',
    '%',
    '*',
    '{{7*7}}',
    '$(id)',
  ],
  ...['__proto__', 'constructor', 'toString', 'r_', 'null', 'NaN', '1e999', '-1', '9007199254740993', '0x10'],
  ...[-1, -0, 1e308, 2 ** 53, 0.1, null, true, [], {}, [[]], { $ne: null }, { toString: 1 }],
];

/** Values that nothing expects. */
export const nastyValues: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<unknown>(...NASTY) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.nat(300).map(nest) },
);

export const nastyTexts: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...NASTY.filter((value): value is string => typeof value === 'string')),
  fc.string({ unit: 'binary', maxLength: 100 }),
);

function nest(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = level % 2 ? [value] : { a: value };
  return value;
}

/** Almost the value: one thing in it is missing, replaced, or added. */
export function spoil(value: unknown): fc.Arbitrary<unknown> {
  if (typeof value !== 'object' || value === null) return nastyValues;
  const keys = Object.keys(value);
  const copy = () => (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
  return fc.tuple(fc.nat(keys.length), fc.nat(3), nastyValues, nastyTexts).chain(([at, how, nasty, text]) => {
    const key = keys[at];
    const spoilt = copy();
    if (key === undefined) return fc.constant({ ...spoilt, [text]: nasty });
    if (how === 0) delete spoilt[key];
    else if (how === 1) spoilt[key] = nasty;
    else return spoil(spoilt[key]).map((inner) => ({ ...spoilt, [key]: inner }));
    return fc.constant<unknown>(spoilt);
  });
}
