import { type Access, createHttp, type Http } from './http.ts';
import { NoAnswerError } from './protocol/errors.ts';
import { type Operations, ROUTES } from './protocol/operations.ts';
import { follow, type OpenStream } from './protocol/watch.ts';

/** Calls are named by their `operationId` in /openapi.json. */
export type OperationId = keyof Operations;
export type Input<Id extends OperationId> = Operations[Id]['input'];
export type Answer<Id extends OperationId> = Operations[Id]['answer'];
type Watchable = {
  [Id in OperationId]: Operations[Id] extends { watched: unknown } ? Id : never;
}[OperationId];
type Watched<Id extends Watchable> = Operations[Id] extends { watched: infer Item } ? Item : never;
type Listed = {
  [Id in OperationId]: Answer<Id> extends { items: unknown[]; nextCursor: string | null } ? Id : never;
}[OperationId];
type Listing<Id extends Listed> = Answer<Id> extends { items: (infer Item)[] } ? Item : never;

export interface CallOptions {
  /** For the whole call; 30 s by default. */
  timeoutMs?: number;
  /** Used in addition to the client's own signal. */
  signal?: AbortSignal;
}

export interface WatchOptions {
  signal: AbortSignal;
  /** The id of the last message seen. Only later ones are sent. */
  lastId?: string;
  /** Called when the server has ended the stream: true when it is complete, false to reconnect. */
  until?: () => boolean;
}

/** Input may be left out where nothing in it is required. */
type Given<Id extends OperationId> =
  Record<never, never> extends Input<Id> ? [input?: Input<Id>] : [input: Input<Id>];

/** The API, typed by its description. A call throws ApiError when refused, NoAnswerError without a usable answer. */
export interface Client {
  call<Id extends OperationId>(
    id: Id,
    ...given: [...Given<Id>, ...([] | [options: CallOptions])]
  ): Promise<Answer<Id>>;
  /** All pages of a list, or as many as needed for `max` items. */
  listAll<Id extends Listed>(id: Id, input: Input<Id>, max?: number): Promise<Listing<Id>[]>;
  /**
   * Yields every object as it is, then as it changes. Reconnects after a broken connection and goes on where it
   * was. Ends with the signal, or when the server ends the stream and `until` returns true.
   */
  watch<Id extends Watchable>(id: Id, input: Input<Id>, options: WatchOptions): AsyncGenerator<Watched<Id>>;
  close(): void;
}

const TIMEOUT_MS = 30_000;
const LARGEST_PAGE = 500;

/** `signal` ends every call of this client. */
export function createClient(access: Access, signal: AbortSignal): Client {
  const http = createHttp(access);

  async function call(id: OperationId, input: AnyInput = {}, options: CallOptions = {}): Promise<unknown> {
    const { body } = await http.call({
      ...requestOf(id, input),
      timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
      signal: options.signal ? AbortSignal.any([signal, options.signal]) : signal,
    });
    return body;
  }

  async function listAll(id: OperationId, input: AnyInput, max = Number.POSITIVE_INFINITY) {
    const items: unknown[] = [];
    let cursor: string | null = null;
    do {
      const limit = Math.min(max - items.length, LARGEST_PAGE);
      const query = { limit, ...input.query, ...(cursor === null ? {} : { cursor }) };
      const page = (await call(id, { ...input, query })) as { items: unknown[]; nextCursor: string | null };
      if (!Array.isArray(page?.items))
        throw new NoAnswerError('unreachable', `${access.url.origin} is not Orion`);
      items.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor && items.length < max);
    return items;
  }

  return {
    call: call as Client['call'],
    listAll: listAll as Client['listAll'],
    watch: ((id: OperationId, input: AnyInput, options: WatchOptions) =>
      watch(http, requestOf(id, input), options)) as Client['watch'],
    close: () => http.close(),
  };
}

interface AnyInput {
  params?: Record<string, string>;
  query?: Record<string, string | number | undefined>;
  headers?: Record<string, string | undefined>;
  body?: unknown;
}

interface Request {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: unknown;
}

function requestOf(id: OperationId, { params = {}, query = {}, headers = {}, body }: AnyInput): Request {
  const [method, template] = ROUTES[id];
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  const given = new URLSearchParams(withoutGaps(query)).toString();
  return {
    method,
    path: given === '' ? path : `${path}?${given}`,
    headers: withoutGaps(headers),
    ...(body === undefined ? {} : { body }),
  };
}

/** Leaves out what is undefined. */
function withoutGaps(values: Record<string, string | number | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
}

async function* watch(http: Http, request: Request, options: WatchOptions): AsyncGenerator<unknown> {
  const { until, ...place } = options;
  const open: OpenStream = (headers, signal) =>
    http.open({ ...request, headers: { ...request.headers, ...headers }, timeoutMs: TIMEOUT_MS, signal });
  let wasOpen = false;
  for await (const step of follow(open, place)) {
    if (step.kind === 'open') wasOpen = true;
    else if (step.kind === 'object') yield step.object;
    else if (step.kind === 'lost') {
      // A program should learn at once that nobody is there.
      if (!wasOpen) throw step.error;
      if (until?.()) return;
    }
  }
}
