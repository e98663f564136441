import { type Description, resolveSchema, type Schema } from './description.fixture.ts';

/**
 * The same schema with references resolved and no undeclared fields allowed. Clients should ignore unknown fields;
 * the API's tests should not.
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
    // Undeclared fields are refused around all parts of an object together, not in each part.
    ...(allOf ? { allOf: allOf.map((part) => closeSchema(description, part, true)) } : {}),
    ...(rest === undefined ? {} : { additionalProperties: typeof rest === 'object' ? close(rest) : rest }),
    ...(isOpenObject ? { type: resolved.type ?? 'object', unevaluatedProperties: false } : {}),
  };
}

function mapValues(values: Record<string, Schema>, change: (schema: Schema) => Schema) {
  return Object.fromEntries(Object.entries(values).map(([name, schema]) => [name, change(schema)]));
}
