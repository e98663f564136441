import { type Description, resolveSchema, type Schema } from './description.fixture.ts';

/**
 * The same schema without references, in which no object may have a field that it does not name. Clients are to
 * overlook fields that they do not know; the API's tests are not to.
 */
export function closeSchema(description: Description, schema: Schema, isPart = false): Schema {
  const resolved = resolveSchema(description, schema);
  const close = (part: Schema) => closeSchema(description, part);
  const { properties, items, anyOf, oneOf, allOf, additionalProperties: rest, ...others } = resolved;
  const isOpenObject = !isPart && (properties !== undefined || allOf !== undefined) && rest === undefined;
  return {
    ...others,
    ...(properties ? { properties: mapValues(properties, close) } : {}),
    ...(items ? { items: close(items) } : {}),
    ...(anyOf ? { anyOf: anyOf.map(close) } : {}),
    ...(oneOf ? { oneOf: oneOf.map(close) } : {}),
    // What the parts of an object do not name together is closed around them, not in each.
    ...(allOf ? { allOf: allOf.map((part) => closeSchema(description, part, true)) } : {}),
    ...(rest === undefined ? {} : { additionalProperties: typeof rest === 'object' ? close(rest) : rest }),
    ...(isOpenObject ? { type: resolved.type ?? 'object', unevaluatedProperties: false } : {}),
  };
}

function mapValues(values: Record<string, Schema>, change: (schema: Schema) => Schema) {
  return Object.fromEntries(Object.entries(values).map(([name, schema]) => [name, change(schema)]));
}
