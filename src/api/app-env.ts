import type { Actor } from '../core/history/actor.ts';
import type { InventoryResult } from '../core/model/inventory.ts';
import type { Policy } from '../core/model/policy.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Logger, LogScope } from '../core/ports/log.ts';
import type { ApiStore } from '../core/ports/stores.ts';
import type { Principal } from '../core/ports/tokens.ts';
import type { Network } from '../core/text/ip-address.ts';
import type { WebhookAllowance } from '../core/text/webhook-url.ts';
import type { BodyBudget } from './body/budget.ts';
import type { Credential } from './caller/credential.ts';
import type { Refusals } from './caller/refusals.ts';
import type { WatchHub } from './watch/watch-hub.ts';

/** Everything that the API needs from outside. It never creates any of it. */
export interface ApiDeps {
  store: ApiStore;
  clock: Clock;
  logger: Logger;
  /** Read on each request: a SIGHUP may bring another policy. */
  readonly policy: Policy;
  /** Checks an inventory as the daemon would read it. `name` appears in the messages. */
  parseInventory: (text: string, name: string) => InventoryResult;
  /** Wakes a reconciler in the same process. Others find the work by polling. */
  wake?: () => void;
  watch: WatchHub;
  refusals: Refusals;
  /** The proxies whose X-Forwarded-For is believed. Requests over a unix socket always come from the proxy. */
  trustedProxies: readonly Network[];
  webhooks: {
    allowed: WebhookAllowance;
    /** Null without a master key: messages cannot be signed, so none is promised. */
    secretOf: ((tenant: string, version: number) => string) | null;
  };
  version: string;
  isShuttingDown: () => boolean;
  /** Adds the request id to what others log for the request. When left out, only the request's own line has it. */
  logScope?: LogScope;
  /** False when the reconciler in the same process has stopped making passes; left out where there is none. */
  isTurning?: () => boolean;
  /** What this process itself lacks (files, ports, memory, disk, its key); null: nothing. */
  ownFault?: () => string | null;
  metrics: { scrape(): Promise<{ contentType: string; text: string }> };
}

/** What the middleware provides to the handlers of one request. */
export interface AppEnv {
  Variables: {
    requestId: string;
    logger: Logger;
    /** Shared by all requests under /api. */
    bodies: BodyBudget;
    /** The address that the request comes from; null: unknown. */
    source: string | null;
    /** This and the next two are set by `authenticate`, so on every route under /api but sign-in. */
    principal: Principal;
    credential: Credential;
    /** For the history. */
    actor: Actor;
  };
}
