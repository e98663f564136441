import type { Inventory, InventoryAnswer, InventoryResult, InventoryState } from '../core/model/inventory.ts';
import type { AlarmClock } from '../core/ports/clock.ts';
import type { Leadership } from '../core/ports/leadership.ts';
import type { Logger } from '../core/ports/log.ts';
import type { KeeperStore } from '../core/ports/stores.ts';
import { DeposedError } from './context.ts';
import { pause } from './pause.ts';

/** How soon an operator's request is seen. */
const POLL_MS = 500;
/** Often enough to be seen after a restart, rare enough to cost nothing. */
const COMPARE_MS = 10_000;
/** Number of a bad file's mistakes that the history shows; the log has them all. */
const MISTAKES_TOLD = 5;

export interface InventoryKeeperDeps {
  store: KeeperStore;
  /** The inventory that this daemon was started with. */
  started: Inventory;
  read: () => Promise<InventoryResult>;
  clock: AlarmClock;
  logger: Logger;
  /** Puts the policy into effect and wakes the reconciler. */
  onApplied: (inventory: Inventory) => void;
  /** Called after each read; `ok`: the file has no mistakes. */
  onRead: (ok: boolean) => void;
}

/**
 * Keeps the fleet as the inventory file describes it. The file is read at the start, on SIGHUP, and on an operator's
 * request. Only the leader applies it, and never merely because it took over. A file that can't be applied leaves the
 * fleet as it is, and that is reported.
 */
export interface InventoryKeeper {
  /** Called on SIGHUP. */
  readAgain(): void;
  /** Gives up applying the file of the start, since a living leader's fleet counts. */
  standBy(): void;
  /** For one term of leadership: applies what is due until the signal. Rejects when another daemon leads. */
  run(leadership: Leadership, signal: AbortSignal): Promise<void>;
  /** On each daemon, until the signal: reports when its file is not the one that was applied to the fleet, and
   * adopts the file's policy when it is. */
  compare(signal: AbortSignal): Promise<void>;
}

export function createInventoryKeeper(deps: InventoryKeeperDeps): InventoryKeeper {
  const { store, clock, logger } = deps;
  const file = createInventoryFile(deps);
  const compareOnce = createComparison(deps, file);
  /** What to apply next: the file of the start, or the file after reading it again. */
  let pending: 'started' | 'read' | null = 'started';
  let isLeading = false;
  let wakeUp: () => void = () => undefined;

  async function applyPending(leadership: Leadership): Promise<void> {
    const state = await store.loadInventoryState();
    const request = state !== null && state.requested > state.answered ? state : null;
    if (pending === null && request === null) return;
    const wasPending = pending;
    const asStarted = wasPending === 'started' && request === null;
    const result = asStarted ? ({ ok: true, inventory: file.latest() } as const) : await file.read();
    const answer = await answerWith(result, request, leadership, deps);
    if (answer === 'deposed') throw new DeposedError();
    if (answer.kind === 'applied' && result.ok) file.takeEffect(result.inventory);
    if (pending === wasPending) pending = null;
    logger[answer.kind === 'applied' ? 'info' : 'error'](answer, `inventory ${answer.kind}`);
  }

  return {
    readAgain() {
      // A daemon that does not lead only reads its file. The leader's file is the one that is applied.
      if (!isLeading) return void file.read();
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

/** This daemon's inventory file as last read, and the one whose policy is in force here. */
interface InventoryFile {
  latest(): Inventory;
  read(): Promise<InventoryResult>;
  isInEffect(): boolean;
  takeEffect(inventory: Inventory): void;
}

function createInventoryFile(deps: InventoryKeeperDeps): InventoryFile {
  let latest = deps.started;
  let inEffect = deps.started;
  return {
    latest: () => latest,
    async read() {
      const result = await deps.read();
      deps.onRead(result.ok);
      if (result.ok) latest = result.inventory;
      else
        deps.logger.error(
          { problems: result.problems },
          'the inventory file has mistakes; the fleet stays as it is',
        );
      return result;
    },
    isInEffect: () => inEffect === latest,
    takeEffect(inventory) {
      inEffect = inventory;
      deps.onApplied(inventory);
    },
  };
}

/** Applies the file, or refuses it, which answers the operator's request if there is one. */
async function answerWith(
  result: InventoryResult,
  request: InventoryState | null,
  leadership: Leadership,
  { store, clock }: InventoryKeeperDeps,
): Promise<InventoryAnswer | 'deposed'> {
  const answering = request?.requested ?? null;
  const refuse = async (reason: 'InventoryInvalid' | 'InventoryMismatch', message: string) => {
    const answer = { kind: 'refused', reason, message } as const;
    const kept = await store.refuseInventory(leadership, answer, answering, clock.now());
    return kept ? answer : ('deposed' as const);
  };
  if (!result.ok) return await refuse('InventoryInvalid', summarize(result.problems));
  const { nodes, sha256 } = result.inventory;
  if (request?.requestedSha256 && request.requestedSha256 !== sha256) {
    return await refuse('InventoryMismatch', "the daemon's file is not the one that was checked");
  }
  const wanted = { specs: nodes, sha256, answering, force: request?.requestedForce ?? false };
  return await store.applyInventory(leadership, wanted, clock.now());
}

/** Reports a difference between this daemon's file and the one that was applied once, until it is another one. */
function createComparison(
  { store, clock, logger }: InventoryKeeperDeps,
  file: InventoryFile,
): () => Promise<void> {
  let reported: string | null = null;
  return async () => {
    const applied = (await store.loadInventoryState())?.appliedSha256 ?? null;
    const latest = file.latest();
    if (applied === latest.sha256 && !file.isInEffect()) file.takeEffect(latest);
    const differing = applied === null || applied === latest.sha256 ? null : `${applied} ${latest.sha256}`;
    if (differing !== null && differing !== reported) {
      const reason = 'InventoryMismatch';
      const message = "this daemon's inventory file is not the one that was applied to the fleet";
      logger.warn({ reason, applied, own: latest.sha256 }, message);
      const about = { at: clock.now(), rentalId: null, node: null, tenant: null, object: null };
      await store.recordEvents([{ type: 'inventory.mismatch', ...about, reason, message }]);
    }
    reported = differing;
  };
}

function summarize(problems: string[]): string {
  const rest = problems.length - MISTAKES_TOLD;
  return problems.slice(0, MISTAKES_TOLD).join('; ') + (rest > 0 ? `; and ${rest} more` : '');
}
