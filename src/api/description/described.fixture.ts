import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { closeSchema } from './closed-schema.fixture.ts';
import { type Answer, type Call, type Description, listCalls, type Schema } from './description.fixture.ts';

// Checks answers against /openapi.json itself, with a JSON Schema validator that Orion does not use otherwise. What
// is published is then true, whatever the code meant to publish.

export interface Answered {
  method: string;
  /** As requested, with the query. */
  path: string;
  status: number;
  headers: Headers;
  /** Null: not checked, such as a stream that is still open. */
  text: string | null;
}

/** Throws with everything that is wrong, unless the description allows the answer. */
export type AnswerCheck = (answer: Answered) => void;

/** Headers that clients act on. An undescribed one is as wrong as an undescribed field. */
const TELLING = ['location', 'retry-after', 'www-authenticate', 'set-cookie', 'etag', 'link'];
const PROBLEM = 'application/problem+json';

export function createAnswerCheck(description: Description): AnswerCheck {
  const complain = createComplain(description);
  // If two patterns match, the one with fewer placeholders is meant.
  const calls = listCalls(description)
    .map((call) => ({ ...call, pattern: patternOf(call.path), gaps: call.path.split('{').length }))
    .toSorted((a, b) => a.gaps - b.gaps);

  return ({ method, path, status, headers, text }) => {
    const [type = ''] = (headers.get('content-type') ?? '').split(';');
    const verb = method === 'HEAD' ? 'GET' : method;
    const address = path.split(/[?#]/)[0] ?? '';
    const call = calls.find((each) => each.method === verb && each.pattern.test(address));
    const described: Answer | undefined = call ? call.operation.responses[status] : undescribed(status);
    const what = `${method} ${call?.path ?? address} -> ${status} ${type}`;
    if (!described) throw new Error(`${what} is not described`);
    const body = method === 'HEAD' ? null : text;
    const wrong = [
      ...checkHeaders(complain, described, headers),
      ...checkBody(complain, described, { type, body, hasBody: headers.has('content-type') }),
      ...(type === PROBLEM && body !== null ? checkProblem(call, body, status) : []),
    ];
    if (wrong.length > 0) throw new Error([what, ...wrong].join('\n  '));
  };
}

/** The answer where the description has no such call: no such address, or no such method. */
function undescribed(status: number): Answer | undefined {
  // The token is checked before the address (401, 403, 429), and the body rules hold for every address (413, 415).
  if (![401, 403, 404, 405, 413, 415, 429].includes(status)) return undefined;
  const schema = { $ref: '#/components/schemas/Problem' };
  const headers: Answer['headers'] = {};
  if (status === 401) headers['WWW-Authenticate'] = { schema: { type: 'string' } };
  if (status === 429) headers['Retry-After'] = { schema: { type: 'integer' } };
  return { description: '', headers, content: { [PROBLEM]: { schema } } };
}

/** Lists what is wrong with a value by its schema. An undescribed field is wrong, too. */
export type Complain = (schema: Schema, value: unknown) => string[];

export function createComplain(description: Description): Complain {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true, keywords: ['example'] });
  formats.default(ajv);
  const compiled = new Map<string, ValidateFunction>();
  return (schema, value) => {
    const key = JSON.stringify(schema);
    const validate = compiled.get(key) ?? ajv.compile(closeSchema(description, schema));
    compiled.set(key, validate);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(({ instancePath, message, params }) =>
      `${instancePath} ${message} ${JSON.stringify(params)}`.trim(),
    );
  };
}

function checkHeaders(complain: Complain, { headers: described = {} }: Answer, headers: Headers): string[] {
  const names = Object.keys(described).map((name) => name.toLowerCase());
  const strays = TELLING.filter((name) => headers.has(name) && !names.includes(name));
  const wrong = Object.entries(described).flatMap(([name, { schema, required }]) => {
    const value = headers.get(name);
    if (value === null) return required ? [`the header ${name} is missing`] : [];
    const isNumber = schema.type === 'integer' && /^\d+$/.test(value);
    return complain(schema, isNumber ? Number(value) : value).map((text) => `header ${name}: ${text}`);
  });
  return [...strays.map((name) => `the header ${name} is not described`), ...wrong];
}

function checkBody(
  complain: Complain,
  { content = {} }: Answer,
  { type, body, hasBody }: { type: string; body: string | null; hasBody: boolean },
): string[] {
  if (Object.keys(content).length === 0) return hasBody || body ? ['a body is not described'] : [];
  const media = content[type];
  if (!media) return [`that type is not described; described are ${Object.keys(content).join(', ')}`];
  if (body === null) return [];
  if (type === 'text/event-stream') return checkMessages(complain, content['application/json']?.schema, body);
  if (!media.schema) return ['its body has no schema'];
  if (!type.endsWith('json')) return complain(media.schema, body);
  return complain(media.schema, JSON.parse(body));
}

/** Each object of a watch is an item of the list, or the object itself, that a plain GET of the address returns. */
function checkMessages(complain: Complain, schema: Schema | undefined, text: string): string[] {
  const item = schema?.properties?.items?.items ?? schema;
  if (!item) return ['what is watched has no schema'];
  const messages = text.split('\n\n').slice(0, -1);
  return messages.flatMap((message) => {
    const data = /^data: (.*)$/m.exec(message)?.[1];
    return data === undefined ? [] : complain(item, JSON.parse(data));
  });
}

function checkProblem(call: Call | undefined, text: string, status: number): string[] {
  const problem = JSON.parse(text) as { status: number; code: string };
  const codes = Object.keys(call?.operation.responses[status]?.content?.[PROBLEM]?.examples ?? {});
  return [
    ...(problem.status === status ? [] : [`the problem says status ${problem.status}`]),
    ...(codes.length === 0 || codes.includes(problem.code) ? [] : [`${problem.code} is not described here`]),
  ];
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{[^}]+\}/g, '[^/]+')}$`);
}
