import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeView, TenantNodeView } from '../core/node-view.ts';
import type { RentalView } from '../core/rental-view.ts';
import { ApiError, CliError } from './cli-error.ts';
import { createHttp, type Http } from './http.ts';
import type { Settings } from './settings.ts';
import { readSse } from './sse.ts';

/** A rental just made; `privateKey` when the API made the pair. */
export type NewRental = RentalView & { privateKey?: string };
export type AnyNode = NodeView | TenantNodeView;

export interface EventView {
  seq: number;
  type: string;
  at: string;
  rental: string | null;
  node: string | null;
  tenant: string | null;
  reason: string;
  message: string;
}

export interface Client {
  get<Body>(path: string, query?: Record<string, string>): Promise<Body>;
  /** All pages of a list, or as many as it takes to have `max` items. */
  list<Item>(path: string, query?: Record<string, string>, max?: number): Promise<Item[]>;
  send<Body>(method: string, path: string, body?: unknown, options?: { timeoutMs?: number }): Promise<Body>;
  /**
   * Every object as it is and then as it changes. Follows through broken connections, from where it was; ends
   * with the signal, or when the server ends the stream and `until` says that this was the end.
   */
  watch<Item>(path: string, options: WatchOptions): AsyncGenerator<Item>;
  close(): void;
}

export interface WatchOptions {
  signal: AbortSignal;
  query?: Record<string, string>;
  /** What was seen before, so that only what came after is sent. */
  lastId?: string;
  until?: () => boolean;
}

const TIMEOUT_MS = 30_000;
const LARGEST_PAGE = 500;
/** Messages of a watch that carry an object; others are for the line itself. */
const OBJECTS = ['rental', 'node', 'event'];
/** Nothing for so long, not even a comment: the line is dead, though nobody said so. */
const SILENCE_MS = 60_000;

export function createClient(settings: Settings, signal: AbortSignal): Client {
  const http = createHttp(settings);

  async function get<Body>(path: string, query: Record<string, string> = {}): Promise<Body> {
    const call = { method: 'GET', path: withQuery(path, query), timeoutMs: TIMEOUT_MS, signal };
    return (await http.call(call)).body as Body;
  }

  return {
    get,
    async list<Item>(path: string, query: Record<string, string> = {}, max = Number.POSITIVE_INFINITY) {
      const items: Item[] = [];
      let cursor: string | null = null;
      do {
        const page: { items: Item[]; nextCursor: string | null } = await get(path, {
          limit: String(Math.min(max - items.length, LARGEST_PAGE)),
          ...query,
          ...(cursor === null ? {} : { cursor }),
        });
        if (!Array.isArray(page?.items)) throw new CliError('the answer is not a list: is ORION_URL right?');
        items.push(...page.items);
        cursor = page.nextCursor;
      } while (cursor && items.length < max);
      return items;
    },
    async send<Body>(method: string, path: string, body?: unknown, options: { timeoutMs?: number } = {}) {
      const call = { method, path, timeoutMs: options.timeoutMs ?? TIMEOUT_MS, signal };
      return (await http.call(body === undefined ? call : { ...call, body })).body as Body;
    },
    watch: (path, options) => watch(http, path, options),
    close: () => http.close(),
  };
}

async function* watch<Item>(http: Http, path: string, options: WatchOptions): AsyncGenerator<Item> {
  const { signal, until } = options;
  let lastId: string | null = options.lastId ?? null;
  let wasOpen = false;
  let failures = 0;
  while (!signal.aborted) {
    try {
      const stream = await http.open({
        method: 'GET',
        path: withQuery(path, options.query ?? {}),
        headers: {
          accept: 'text/event-stream',
          ...(lastId === null ? {} : { 'last-event-id': lastId }),
        },
        timeoutMs: TIMEOUT_MS,
        signal,
      });
      wasOpen = true;
      stream.setTimeout(SILENCE_MS, () => stream.destroy(new Error('silence')));
      try {
        for await (const message of readSse(stream)) {
          failures = 0;
          lastId = message.id ?? lastId;
          if (OBJECTS.includes(message.event)) yield JSON.parse(message.data) as Item;
        }
      } finally {
        stream.destroy();
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!wasOpen || (error instanceof ApiError && error.status < 500)) throw error;
    }
    if (until?.()) return;
    failures += 1;
    await sleep(Math.min(250 * 2 ** failures, 5_000), undefined, { signal }).catch(() => undefined);
  }
}

export function withQuery(path: string, query: Record<string, string>): string {
  const text = new URLSearchParams(query).toString();
  return text === '' ? path : `${path}?${text}`;
}
