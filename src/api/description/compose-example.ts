/** The part of JSON Schema that examples are made from. */
export interface ExampleSchema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  minimum?: number;
  example?: unknown;
  properties?: Record<string, ExampleSchema>;
  additionalProperties?: unknown;
  items?: ExampleSchema;
  anyOf?: ExampleSchema[];
  oneOf?: ExampleSchema[];
  allOf?: ExampleSchema[];
}

/** The time used in examples wherever a field has none of its own. */
const TIME = '2026-11-24T14:12:37.655Z';

/**
 * One value of the schema, made of its parts' examples. Undefined where a part has none and could be anything, such
 * as a string: no example is better than one that says nothing.
 */
export function composeExample(schemas: Record<string, ExampleSchema>, schema: ExampleSchema): unknown {
  const compose = (part: ExampleSchema | undefined) => part && composeExample(schemas, part);
  if (schema.example !== undefined) return schema.example;
  if (schema.$ref !== undefined) return compose(schemas[schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)]);
  if (schema.allOf) return joinParts(schema.allOf.map(compose));
  const [first] = schema.anyOf ?? schema.oneOf ?? [];
  if (first) return compose(first);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.default !== undefined) return schema.default;
  const types = [schema.type].flat();
  if (schema.properties) return composeObject(Object.entries(schema.properties), compose);
  if (types.includes('array')) {
    const item = compose(schema.items);
    return item === undefined ? undefined : [item];
  }
  if (schema.format === 'date-time') return TIME;
  if (types.includes('null')) return null;
  if (types.includes('integer') || types.includes('number')) return Math.max(schema.minimum ?? 0, 1);
  if (types.includes('object') && schema.additionalProperties !== undefined) return {};
  return types.includes('boolean') ? false : undefined;
}

function composeObject(
  fields: [string, ExampleSchema][],
  compose: (schema: ExampleSchema) => unknown,
): object | undefined {
  const composed = fields.map(([name, schema]) => [name, compose(schema)] as const);
  return composed.every(([, value]) => value !== undefined) ? Object.fromEntries(composed) : undefined;
}

function joinParts(parts: unknown[]): object | undefined {
  return parts.includes(undefined) ? undefined : Object.assign({}, ...parts);
}
