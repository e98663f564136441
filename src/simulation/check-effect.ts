import type { Placement } from '../core/model/rental.ts';
import type { PlaybookRequest } from '../core/ports/playbooks.ts';
import type { Books } from './books.ts';
import { isClean, type Machine } from './machine.ts';

const CLEANING_STATES = ['cleaning', 'quarantined'];
/** Repairs of drift are also ordered for nodes in use. */
function isRepair(request: PlaybookRequest): boolean {
  return (
    request.playbook === 'remove_strays' ||
    (request.playbook === 'prepare_node' && request.keepBaseline === true)
  );
}

const ACCESS_STATES = ['provisioning', 'allocated'];
const ALL_STATES = [...CLEANING_STATES, ...ACCESS_STATES];

/** Nothing is ordered after leadership has ended, and nothing without a save that asks for it. */
export function checkOrder(books: Books, daemon: string, machine: string, request: PlaybookRequest): void {
  const { violate, tables } = books;
  const { fence, playbook } = request;
  const term = books.terms.get(daemon);
  if (term !== tables.lease.token) {
    violate(
      `${daemon} orders ${playbook} on ${machine} in term ${term}, while the lease is in term ${tables.lease.token}`,
    );
  }
  const save = books.saves.get(fence);
  if (save === undefined || save.token !== term) {
    violate(
      `${daemon} orders ${playbook} on ${machine} under fence number ${fence}, which no save of its term has`,
    );
    return;
  }
  if (save.isPaused) violate(`${playbook} is ordered on ${machine} although everything is paused`);
  const state = save.states.get(machine) ?? '';
  const states =
    playbook === 'create_user' ? ACCESS_STATES : isRepair(request) ? ALL_STATES : CLEANING_STATES;
  if (!states.includes(state))
    violate(`${playbook} is ordered by a save in which ${machine} is ${state || 'not there'}`);
  if (playbook === 'create_user' || playbook === 'delete_user') {
    const placement = findPlacement(books, machine, request.account, request.uid);
    const isEnded = placement !== undefined && (books.endedBy.get(placement.epoch) ?? Infinity) <= fence;
    if (placement === undefined) violate(`${playbook} on ${machine} for a placement that does not exist`);
    else if (playbook === 'create_user' && isEnded)
      violate(`an account is ordered for placement ${placement.epoch}, which has ended`);
    else if (playbook === 'delete_user' && !isEnded)
      violate(`an account is to be deleted, and placement ${placement.epoch} lives`);
  }
}

function findPlacement({ tables }: Books, node: string, account: string, uid: number): Placement | undefined {
  return [...tables.placements.values()].find(
    (placement) => placement.node === node && placement.account === account && placement.uid === uid,
  );
}

/** A machine never obeys an order older than its last one, and never belongs to two tenants at once. */
export function checkEffect(books: Books, machine: Machine, request: PlaybookRequest): void {
  const { violate, tables } = books;
  const before = books.obeyed.get(machine.name) ?? 0;
  if (request.fence < before) {
    violate(`${machine.name} obeyed order ${request.fence} (${request.playbook}) after order ${before}`);
  }
  books.obeyed.set(machine.name, Math.max(before, request.fence));
  for (const [account, { uid }] of machine.accounts) {
    const name = `${machine.name}/${uid}`;
    const owner = books.owners.get(name);
    if (owner !== undefined && owner !== account)
      violate(`uid ${uid} of ${machine.name} was ${owner}'s and is ${account}'s`);
    books.owners.set(name, account);
  }
  if (tables.nodes.get(machine.name)?.record.state === 'free' && !isClean(machine)) {
    violate(`${machine.name} is free, and ${request.playbook} put a tenant's things on it`);
  }
  checkTenants(books, machine);
}

/** On a machine with a live placement, nobody else can log in, and nothing of anybody else is found. */
export function checkTenants(books: Books, machine: Machine): void {
  const live = [...books.tables.placements.values()].find(
    ({ node, endedAt }) => node === machine.name && endedAt === null,
  );
  if (live === undefined) return;
  for (const [name, { uid }] of machine.accounts) {
    if (name !== live.account || uid !== live.uid) {
      books.violate(`${name} has an account on ${machine.name}, which is lent to ${live.account}`);
    }
  }
  for (const uid of machine.residue.keys()) {
    if (uid !== live.uid)
      books.violate(`uid ${uid} left something on ${machine.name}, which is lent to ${live.account}`);
  }
}
