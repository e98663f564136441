import type { FailureReason } from '../core/failure/remedy.ts';
import type { Access } from '../core/model/lease.ts';
import type { PlaybookRequest } from '../core/ports/playbooks.ts';
import { leave, type Machine } from './machine.ts';

/** A module's refusal of an order, as in ansible/module_utils/orion_node.py. */
export class Refusal extends Error {
  readonly reason: FailureReason;
  constructor(reason: FailureReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** One step of a module, after which it may be cut off. May throw a Refusal. */
export type Step = (machine: Machine) => void;

/** The steps of a module on a machine. What it finds goes into `findings`. */
export function stepsOf(request: PlaybookRequest, findings: string[]): Step[] {
  const fence: Step = (machine) => raiseFence(machine, request.fence);
  switch (request.playbook) {
    case 'prepare_node':
      // Only a new baseline changes what verification considers normal.
      return request.keepBaseline ? [fence, () => undefined] : [fence, prepare];
    case 'create_user': {
      const { account, uid, publicKey, expiresAt } = request;
      return [
        fence,
        (machine) => claimUid(machine, account, uid),
        (machine) => addAccount(machine, account, uid),
        (machine) => leave(machine, uid, 'home'),
        (machine) => writeKey(machine, account, { publicKey, expiresAt }),
      ];
    }
    case 'delete_user': {
      const { account, uid } = request;
      return [
        fence,
        (machine) => useUp(machine, account, uid),
        (machine) => closeAccount(machine, account, uid),
        (machine) => machine.residue.get(uid)?.delete('process'),
        (machine) => removeAccount(machine, account, uid),
        (machine) => sweep(machine, uid),
      ];
    }
    case 'remove_strays':
      return [fence, (machine) => removeStrays(machine, request.keep?.account ?? null)];
    case 'verify_clean':
      return [fence, (machine) => findings.push(...look(machine))];
  }
}

function raiseFence(machine: Machine, fence: number): void {
  if (machine.failing !== null) throw new Refusal(machine.failing, `the machine has ${machine.failing}`);
  if (fence < machine.fenceSeen) {
    throw new Refusal(
      'FenceTooLow',
      `the order has fence number ${fence}, the node has seen ${machine.fenceSeen}`,
    );
  }
  machine.fenceSeen = fence;
}

function prepare(machine: Machine): void {
  machine.prepared = true;
}

/** Stored before the account exists, so the uid never goes to somebody else. */
function claimUid(machine: Machine, account: string, uid: number): void {
  if (!machine.prepared) throw new Refusal('NotPrepared', 'the group is missing: run prepare_node first');
  const there = machine.accounts.get(account);
  if (there && there.uid !== uid)
    throw new Refusal('PlaybookFailed', `the account ${account} exists with uid ${there.uid}`);
  if (there) return;
  const isOwn = uid === machine.uidSeen && machine.uidOwner === account;
  if (uid <= machine.uidSeen && !isOwn) {
    throw new Refusal('FenceTooLow', `the uid ${uid} was used before: the node has seen ${machine.uidSeen}`);
  }
  machine.uidSeen = uid;
  machine.uidOwner = account;
}

function addAccount(machine: Machine, account: string, uid: number): void {
  if (!machine.accounts.has(account)) machine.accounts.set(account, { uid, key: null, expiresAt: null });
}

/** Marks a key that no machine can use. */
export const BROKEN_KEY = 'broken';

function writeKey(machine: Machine, account: string, { publicKey, expiresAt }: Access): void {
  if (publicKey.includes(BROKEN_KEY)) throw new Refusal('PlaybookFailed', 'the key can not be written');
  const there = machine.accounts.get(account);
  if (there) Object.assign(there, { key: publicKey, expiresAt });
}

/** Once it is deleted the uid is used up, even if the account was never made. */
function useUp(machine: Machine, account: string, uid: number): void {
  if (machine.uidSeen >= uid && machine.uidOwner !== account) return;
  machine.uidSeen = Math.max(machine.uidSeen, uid);
  machine.uidOwner = null;
}

function closeAccount(machine: Machine, account: string, uid: number): void {
  const there = machine.accounts.get(account);
  if (there && there.uid !== uid) {
    throw new Refusal('PlaybookFailed', `the account ${account} has uid ${there.uid}, not ${uid}`);
  }
  if (there) there.key = null;
}

function removeAccount(machine: Machine, account: string, uid: number): void {
  if (machine.accounts.get(account)?.uid === uid) machine.accounts.delete(account);
}

function removeStrays(machine: Machine, keep: string | null): void {
  for (const name of [...machine.accounts.keys()]) if (name !== keep) machine.accounts.delete(name);
}

function sweep(machine: Machine, uid: number): void {
  machine.residue.delete(uid);
  if (machine.removalLeaves) leave(machine, uid, 'file');
}

function look(machine: Machine): string[] {
  return [
    ...(machine.prepared ? [] : ['no readable baseline: run prepare_node first']),
    ...[...machine.accounts].map(([name, { uid }]) => `account ${name} with uid ${uid}`),
    ...[...machine.residue].map(([uid, found]) => `${[...found].join(', ')} of uid ${uid}`),
  ];
}
