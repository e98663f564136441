import fc from 'fast-check';
import type { Call, Description, Parameter } from '../description/description.fixture.ts';
import { createValues, type Hints, nastyTexts, nastyValues, spoil } from './values.fixture.ts';

const ROLES = ['admin', 'tenant', 'session', 'sessionWithoutCsrf', 'badToken', 'nobody'] as const;
export type Role = (typeof ROLES)[number];

/** A request as it goes over the wire. */
export interface FuzzRequest {
  role: Role;
  method: string;
  /** With the query; already encoded, correctly or not. */
  path: string;
  headers: Record<string, string>;
  body: string | null;
}

/** Requests for one call of the description: good ones, almost good ones, and hostile ones. */
export function createRequests(
  description: Description,
  call: Call,
  hints: Hints,
): fc.Arbitrary<FuzzRequest> {
  const { parameters = [], requestBody } = call.operation;
  const within = (place: Parameter['in']) => parameters.filter((parameter) => parameter.in === place);
  const schema = requestBody?.content['application/json']?.schema;
  const good = schema && createValues(description, schema, hints);
  const values = (parameter: Parameter) => createValues(description, parameter.schema, hints, parameter.name);
  return fc
    .record({
      role: fc.oneof({ weight: 4, arbitrary: fc.constantFrom('admin', 'tenant') }, fc.constantFrom(...ROLES)),
      method: rarely(fc.constantFrom('HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PROPFIND', 'TRACE'), call.method),
      address: addresses(call.path, within('path'), values),
      query: queries(within('query'), values),
      own: fc.record(
        Object.fromEntries(
          within('header').map(({ name }) => [name, headerValues(fc.constantFrom('7', 'k-1'))]),
        ),
        { requiredKeys: [] },
      ),
      other: rarely(OTHER_HEADERS, {}),
      body: bodies(good),
    })
    .map(({ address, query, own, other, body, ...rest }) => ({
      ...rest,
      // The parser refuses anything longer before it reaches a call.
      path: `${address}${query === '' ? '' : `?${query}`}`.slice(0, 10_000),
      headers: { ...body.headers, ...own, ...other },
      body: body.text,
    }));
}

function rarely<Value, Usual>(rare: fc.Arbitrary<Value>, usual: Usual): fc.Arbitrary<Value | Usual> {
  return fc.oneof({ weight: 9, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: rare });
}

type Values = (parameter: Parameter) => fc.Arbitrary<unknown>;

/** Half of a surrogate pair has no encoding, so the replacement character is sent. */
function encode(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return encodeURIComponent(Buffer.from(text).toString());
}

/** Encoded as a client would, or as nobody should. */
const rawTexts = fc.oneof(
  nastyTexts.map(encode),
  fc.constantFrom('%', '%FF', '%c0%af', '%2e%2e', '%2F', 'a;b', 'a+b', '.', '~', '%E2%82'),
);

function addresses(path: string, parameters: Parameter[], values: Values): fc.Arbitrary<string> {
  const gaps = parameters.map((parameter) =>
    fc.oneof(
      {
        weight: 5,
        arbitrary: values(parameter).map(encode),
      },
      { weight: 1, arbitrary: rawTexts },
    ),
  );
  return fc
    .tuple(...gaps)
    .map((texts) =>
      parameters.reduce(
        (address, { name }, index) => address.replace(`{${name}}`, () => notDots(texts[index] ?? '')),
        path,
      ),
    );
}

/** Avoids path segments of one or two dots, however written: such a URL would belong to another call. */
function notDots(text: string): string {
  return /^(\.|%2e){1,2}$/i.test(text) ? `${text}.dots` : text;
}

function queries(parameters: Parameter[], values: Values): fc.Arbitrary<string> {
  const pair = (name: string, value: unknown) => `${encodeURIComponent(name)}=${encode(value)}`;
  const good = fc
    .record(Object.fromEntries(parameters.map((each) => [each.name, values(each)])), {
      requiredKeys: parameters.map(({ name }) => name).filter((name) => name === 'wait'),
    })
    .map((given) => Object.entries(given).map(([name, value]) => pair(name, value)));
  const names = fc.constantFrom(...parameters.map(({ name }) => name), 'limit', 'x', '__proto__', '');
  const bad = fc.array(
    fc.oneof(
      fc.tuple(names, nastyValues).map(([name, value]) => pair(name, value)),
      fc.tuple(names, rawTexts).map(([name, text]) => `${name}=${text}`),
    ),
    { maxLength: 3 },
  );
  return fc.tuple(good, rarely(bad, [])).map(([some, more]) => [...some, ...more].join('&'));
}

/** Only what Node puts on the wire: it refuses to send anything else. */
function headerValues(good: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const nasty = nastyTexts.map((text) => text.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '?').slice(0, 900));
  return fc.oneof({ weight: 3, arbitrary: good }, { weight: 1, arbitrary: nasty });
}

const OTHER_HEADERS = fc.record(
  {
    accept: headerValues(fc.constantFrom('text/event-stream', '*/*', 'text/html', 'application/xml')),
    cookie: headerValues(fc.constantFrom('__Host-orion_session=x', 'a=b; a=c', '=;=')),
    origin: headerValues(fc.constantFrom('https://evil.test', 'null', 'http://localhost')),
    range: headerValues(fc.constantFrom('bytes=0-1')),
    'accept-encoding': headerValues(fc.constantFrom('gzip', 'br;q=1')),
    'content-type': headerValues(
      fc.constantFrom('text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'),
    ),
    'idempotency-key': headerValues(fc.constantFrom('k-1')),
    'if-match': headerValues(fc.constantFrom('*', '"1"')),
    'if-none-match': headerValues(fc.constantFrom('*', '"1"')),
    'last-event-id': headerValues(fc.constantFrom('0', '1', '999999999999999')),
    'sec-fetch-site': headerValues(fc.constantFrom('same-origin', 'cross-site')),
    'x-csrf-token': headerValues(fc.constantFrom('x')),
    'x-forwarded-for': headerValues(fc.constantFrom('1.2.3.4', ',,')),
    'x-http-method-override': headerValues(fc.constantFrom('DELETE')),
    'x-request-id': headerValues(fc.constantFrom('abcdefgh')),
  },
  { requiredKeys: [] },
);

const JSON_TYPE = { 'content-type': 'application/json' };
const NO_BODY = { headers: {}, text: null };

/** `good` is undefined where no body is expected; then one is rarely sent. */
function bodies(good: fc.Arbitrary<unknown> | undefined) {
  const json = (text: string) => ({ headers: JSON_TYPE, text });
  const broken = fc.oneof(
    fc.constantFrom(
      '{',
      '[1,',
      '"\\ud800"',
      'NaN',
      '{"a":1,"a":2}',
      '{"__proto__":{"x":1}}',
      '\ufeff{}',
      'null',
    ),
    fc.constantFrom(
      '['.repeat(7_000),
      `{"a":${'['.repeat(2_000)}${']'.repeat(2_000)}}`,
      `"${'x'.repeat(20_000)}"`,
    ),
    nastyValues.map((value) => JSON.stringify(value)),
    nastyTexts,
  );
  if (!good) return rarely(broken.map(json), NO_BODY);
  const proto = (text: string) => text.replace(/^\{(?!\})/, '{"__proto__":{"admin":true},');
  return fc.oneof(
    { weight: 8, arbitrary: good.map((value) => json(JSON.stringify(value))) },
    { weight: 5, arbitrary: good.chain(spoil).map((value) => json(JSON.stringify(value))) },
    { weight: 1, arbitrary: good.map((value) => json(proto(JSON.stringify(value)))) },
    { weight: 2, arbitrary: broken.map(json) },
    { weight: 1, arbitrary: fc.constant(NO_BODY) },
  );
}
