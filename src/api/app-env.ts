import type { Actor } from '../core/history/actor.ts';
import type { InventoryResult } from '../core/model/inventory.ts';
import type { Policy } from '../core/model/policy.ts';
import type { DeliveryStore } from '../core/ports/deliveries.ts';
import type { Clock, Logger, LogScope } from '../core/ports/ports.ts';
import type { ApiStore, Principal } from '../core/ports/stores.ts';
import type { Network } from '../core/text/ip-address.ts';
import type { WebhookAllowance } from '../core/text/webhook-url.ts';
import type { BodyBudget } from './body/budget.ts';
import type { Credential } from './caller/credential.ts';
import type { Refusals } from './caller/refusals.ts';
import type { WatchHub } from './watch/watch-hub.ts';

/** All that the API needs from outside; it never makes a part itself. */
export interface ApiDeps {
  store: ApiStore & DeliveryStore;
  clock: Clock;
  logger: Logger;
  /** Read at each request: a SIGHUP may bring another policy. */
  readonly policy: Policy;
  /** Checks an inventory as the daemon would read it. `name` stands in the messages. */
  parseInventory: (text: string, name: string) => InventoryResult;
  /** Tells a reconciler in the same process that there is something to do; others find it by looking. */
  wake?: () => void;
  watch: WatchHub;
  refusals: Refusals;
  /** Whose word on where a request comes from is taken; what comes over a unix socket is the proxy's anyway. */
  trustedProxies: readonly Network[];
  webhooks: {
    allowed: WebhookAllowance;
    /** Null: there is no master key, so no message can be signed, and none is promised. */
    secretOf: ((tenant: string, version: number) => string) | null;
  };
  version: string;
  isShuttingDown: () => boolean;
  /** Puts the id of a request on what others log for it; left out: only on its own line. */
  logScope?: LogScope;
  /** Whether the reconciler in the same process still makes its rounds; left out where there is none. */
  isTurning?: () => boolean;
  /** What this process lacks of its own (files, ports, memory, disk, its key); null: nothing. */
  ownFault?: () => string | null;
  metrics: { scrape(): Promise<{ contentType: string; text: string }> };
}

/** What the middleware leaves for the handlers of one request. */
export interface AppEnv {
  Variables: {
    requestId: string;
    logger: Logger;
    /** Of all requests under /api together. */
    bodies: BodyBudget;
    /** The address that the request comes from; null: not known. */
    source: string | null;
    /** The three are set by `authenticate`, so on every route under /api. */
    principal: Principal;
    credential: Credential;
    /** For the history. */
    actor: Actor;
  };
}
