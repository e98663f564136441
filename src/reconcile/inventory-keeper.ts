import type { Inventory, InventoryAnswer, InventoryResult, InventoryState } from '../core/model/inventory.ts';
import type { AlarmClock } from '../core/ports/clock.ts';
import type { Leadership } from '../core/ports/leadership.ts';
import type { Logger } from '../core/ports/log.ts';
import type { KeeperStore } from '../core/ports/stores.ts';
import { DeposedError } from './context.ts';
import { pause } from './pause.ts';

/** How soon a request of an operator is seen. */
const POLL_MS = 500;
/** Often enough to be seen after a restart, rare enough to cost nothing. */
const COMPARE_MS = 10_000;
/** How many mistakes of a bad file stand in the history; the log has them all. */
const MISTAKES_TOLD = 5;

export interface InventoryKeeperDeps {
  store: KeeperStore;
  /** The inventory that this daemon was started with. */
  started: Inventory;
  read: () => Promise<InventoryResult>;
  clock: AlarmClock;
  logger: Logger;
  /** The policy takes effect, and the reconciler has something to do. */
  onApplied: (inventory: Inventory) => void;
  /** Whether the file was right when it was read last. */
  onRead: (ok: boolean) => void;
}

/**
 * Keeps the fleet what the inventory file says. The file is read at the start, on SIGHUP, and when an operator
 * asks for it; only the leader applies it, and never merely because it took over. What can't be applied leaves
 * the fleet as it is, and says so.
 */
export interface InventoryKeeper {
  /** As on SIGHUP. */
  readAgain(): void;
  /** Gives up to apply the file of the start: the fleet of a living leader counts. */
  standBy(): void;
  /** For one term of leadership: applies what is due until the signal. Rejects when another daemon leads. */
  run(leadership: Leadership, signal: AbortSignal): Promise<void>;
  /** On each daemon, until the signal: tells when its file is not what the fleet is made of, and takes over the
   * policy when it is. */
  compare(signal: AbortSignal): Promise<void>;
}

export function createInventoryKeeper(deps: InventoryKeeperDeps): InventoryKeeper {
  const { store, clock, logger } = deps;
  /** The file as it was read last, and the one whose policy counts here. */
  let latest = deps.started;
  let inForce = deps.started;
  /** What a term has to do first: the file of the start, or to read it again. */
  let pending: 'started' | 'read' | null = 'started';
  let isLeading = false;
  let wakeUp: () => void = () => undefined;
  let toldAbout: string | null = null;

  async function applyPending(leadership: Leadership): Promise<void> {
    const state = await store.loadInventoryState();
    const request = state !== null && state.requested > state.answered ? state : null;
    if (pending === null && request === null) return;
    const wasPending = pending;
    const answer = await answerOf(leadership, request, wasPending === 'started' && request === null);
    if (answer === 'deposed') throw new DeposedError();
    if (pending === wasPending) pending = null;
    logger[answer.kind === 'applied' ? 'info' : 'error'](answer, `inventory ${answer.kind}`);
  }

  async function answerOf(
    leadership: Leadership,
    request: InventoryState | null,
    asStarted: boolean,
  ): Promise<InventoryAnswer | 'deposed'> {
    const answering = request?.requested ?? null;
    const refuse = async (reason: 'InventoryInvalid' | 'InventoryMismatch', message: string) => {
      const answer = { kind: 'refused', reason, message } as const;
      const kept = await store.refuseInventory(leadership, answer, answering, clock.now());
      return kept ? answer : ('deposed' as const);
    };
    const result = asStarted ? ({ ok: true, inventory: latest } as const) : await read();
    if (!result.ok) return await refuse('InventoryInvalid', summarize(result.problems));
    const { inventory } = result;
    if (request?.requestedSha256 && request.requestedSha256 !== inventory.sha256) {
      return await refuse('InventoryMismatch', "the daemon's file is not the one that was checked");
    }
    const wanted = { specs: inventory.nodes, sha256: inventory.sha256, answering };
    const force = request?.requestedForce ?? false;
    const answer = await store.applyInventory(leadership, { ...wanted, force }, clock.now());
    if (answer !== 'deposed' && answer.kind === 'applied') {
      inForce = inventory;
      deps.onApplied(inventory);
    }
    return answer;
  }

  async function read(): Promise<InventoryResult> {
    const result = await deps.read();
    deps.onRead(result.ok);
    if (result.ok) latest = result.inventory;
    else
      logger.error(
        { problems: result.problems },
        'the inventory file has mistakes; the fleet stays as it is',
      );
    return result;
  }

  async function compareOnce(): Promise<void> {
    const applied = (await store.loadInventoryState())?.appliedSha256 ?? null;
    if (applied === latest.sha256 && inForce !== latest) {
      inForce = latest;
      deps.onApplied(latest);
    }
    const differing = applied === null || applied === latest.sha256 ? null : `${applied} ${latest.sha256}`;
    if (differing !== null && differing !== toldAbout) {
      const reason = 'InventoryMismatch';
      const message = "this daemon's inventory file is not the one that was applied to the fleet";
      logger.warn({ reason, applied, own: latest.sha256 }, message);
      const about = { at: clock.now(), rentalId: null, node: null, tenant: null, object: null };
      await store.recordEvents([{ type: 'inventory.mismatch', ...about, reason, message }]);
    }
    toldAbout = differing;
  }

  return {
    readAgain() {
      // One that does not lead only gets to know its file; the leader's is applied.
      if (!isLeading) return void read();
      pending = 'read';
      wakeUp();
    },
    standBy() {
      if (pending === 'started') pending = null;
    },
    async run(leadership, signal) {
      isLeading = true;
      while (!signal.aborted) {
        try {
          await applyPending(leadership);
        } catch (error) {
          isLeading = !(error instanceof DeposedError);
          if (!isLeading) throw error;
          logger.warn({ err: error }, 'the inventory could not be applied; trying again');
        }
        await pause(clock, POLL_MS, signal, (end) => {
          wakeUp = end;
        });
      }
      isLeading = false;
    },
    async compare(signal) {
      while (!signal.aborted) {
        await pause(clock, COMPARE_MS, signal);
        if (signal.aborted) return;
        await compareOnce().catch((error: unknown) =>
          logger.warn({ err: error }, 'the inventories could not be compared'),
        );
      }
    },
  };
}

function summarize(problems: string[]): string {
  const rest = problems.length - MISTAKES_TOLD;
  return problems.slice(0, MISTAKES_TOLD).join('; ') + (rest > 0 ? `; and ${rest} more` : '');
}
