/** The part of OpenAPI 3.1 that Orion's description is made of. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  description?: string;
}
interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  schema?: Schema;
}
type Content = Record<string, { schema?: Schema }>;
interface Operation {
  operationId: string;
  summary?: string;
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content: Content };
  responses: Record<string, { content?: Content }>;
}
export interface Description {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

const HEAD = `// Made from /openapi.json by write-operations.ts; operations.test.ts keeps it true, and writes it anew with
//   npx vitest run --project unit src/client/protocol/operations.test.ts -u
`;

/** TypeScript for every schema and call of the description: types only, plus the method and path of each call. */
export function writeOperations({ paths, components }: Description): string {
  const operations = Object.entries(paths)
    .flatMap(([path, calls]) => Object.entries(calls).map(([method, call]) => ({ path, method, call })))
    .toSorted((a, b) => (a.call.operationId < b.call.operationId ? -1 : 1));
  const schemas = Object.entries(components.schemas).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [
    HEAD,
    ...schemas.map(([name, schema]) => `export type ${name} = ${writeType(schema, 0)};\n`),
    'export interface Operations {',
    ...operations.map(({ call }) => writeOperation(call)),
    '}\n',
    '/** Method and path of each call. */',
    'export const ROUTES = {',
    ...operations.map(
      ({ path, method, call }) => `  ${call.operationId}: ['${method.toUpperCase()}', '${path}'],`,
    ),
    '} as const satisfies Record<keyof Operations, readonly [string, string]>;\n',
  ].join('\n');
}

function writeOperation({
  operationId,
  summary,
  parameters = [],
  requestBody,
  responses,
}: Operation): string {
  const successes = Object.entries(responses).filter(([status]) => status.startsWith('2'));
  const contents = successes.map(([, { content = {} }]) => content);
  const answers = contents.map((content) => {
    const schema = content['application/json']?.schema;
    return schema ? writeType(schema, 2) : Object.keys(content).length > 0 ? 'string' : 'null';
  });
  const places = [
    ['params', 'path'],
    ['query', 'query'],
    ['headers', 'header'],
  ] as const;
  const input = places.flatMap(([key, where]) => {
    const fields = parameters.filter((parameter) => parameter.in === where);
    if (fields.length === 0) return [];
    const isNeeded = fields.some(({ required }) => required);
    const list = fields.map(({ name, required, schema = {} }) =>
      writeField(name, schema, required === true, 3),
    );
    return [`      ${key}${isNeeded ? '' : '?'}: {\n${list.join('')}      };\n`];
  });
  const sent = requestBody?.content['application/json']?.schema;
  if (sent) input.push(`      body${requestBody?.required ? '' : '?'}: ${writeType(sent, 3)};\n`);
  const stream = contents.some((content) => 'text/event-stream' in content);
  const json = contents.find((content) => 'text/event-stream' in content)?.['application/json']?.schema;
  const watched = json?.properties?.items?.items ?? json;
  return [
    ...(summary ? [`  /** ${summary} */`] : []),
    `  ${operationId}: {`,
    input.length === 0 ? '    input: Record<never, never>;' : `    input: {\n${input.join('')}    };`,
    // On a watch, 204 says that nothing more will come. A plain call never gets it.
    `    answer: ${[...new Set(answers.filter((answer) => !stream || answer !== 'null'))].join(' | ')};`,
    ...(stream && watched ? [`    watched: ${writeType(watched, 2)};`] : []),
    '  };',
  ].join('\n');
}

function writeField(name: string, schema: Schema, required: boolean, depth: number): string {
  const indent = '  '.repeat(depth + 1);
  const about = schema.description ? `${indent}/** ${schema.description} */\n` : '';
  const key = /^\w+$/.test(name) ? name : `'${name}'`;
  return `${about}${indent}${key}${required ? '' : '?'}: ${writeType(schema, depth + 1)};\n`;
}

function writeType(schema: Schema, depth: number): string {
  if (schema.$ref) return schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
  if (schema.allOf) return schema.allOf.map((part) => writeType(part, depth)).join(' & ');
  const options = schema.anyOf ?? schema.oneOf;
  if (options) return [...new Set(options.map((part) => writeType(part, depth)))].join(' | ');
  if ('const' in schema) return writeLiteral(schema.const);
  if (schema.enum) return schema.enum.map(writeLiteral).join(' | ');
  const types = [schema.type ?? []].flat();
  if (types.length === 0) return 'unknown';
  return types.map((type) => writeSimple(type, schema, depth)).join(' | ');
}

function writeSimple(type: string, schema: Schema, depth: number): string {
  if (type === 'integer') return 'number';
  if (type === 'array') {
    const item = writeType(schema.items ?? {}, depth);
    return /[|&]/.test(item.replaceAll(/\{[\s\S]*\}/g, '')) ? `(${item})[]` : `${item}[]`;
  }
  if (type !== 'object') return type;
  const { properties = {}, required = [], additionalProperties } = schema;
  const fields = Object.entries(properties);
  if (fields.length === 0) {
    const isMap = typeof additionalProperties === 'object';
    return isMap ? `Record<string, ${writeType(additionalProperties, depth)}>` : 'Record<string, unknown>';
  }
  const list = fields.map(([name, field]) => writeField(name, field, required.includes(name), depth));
  return `{\n${list.join('')}${'  '.repeat(depth)}}`;
}

function writeLiteral(value: unknown): string {
  return typeof value === 'string' ? `'${value.replaceAll("'", "\\'")}'` : JSON.stringify(value);
}
