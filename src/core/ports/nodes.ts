import type { NewEvent } from '../history/event.ts';
import type { Attribution } from '../model/controls.ts';
import type { AcceptRequest } from '../model/differences.ts';
import type { Node } from '../model/node.ts';

/** What an operator may ask of a node. */
export type NodeRequest =
  /** Without a reason, an earlier one stays, with its author. */
  | { kind: 'cordon' | 'drain'; attribution: Attribution }
  | { kind: 'uncordon' | 'clean' | 'forget' }
  | { kind: 'trust'; fingerprint: string }
  /** Takes the node from the fleet that it belongs to, which is named so that it can be no other. */
  | { kind: 'adopt'; fleet: string }
  /** Accepts these differences into the baseline. They are named by id, so nothing unseen is accepted. */
  | { kind: 'accept'; accept: AcceptRequest };

export interface NodeStore {
  /** Names of nodes whose spec or requests were written since they were last seen. Cheap: an indexed column. */
  listDirtyNodes(): Promise<string[]>;
  /** Every node with its requests, by name; placements are listed separately. */
  listNodes(): Promise<Node[]>;
  loadNode(name: string): Promise<Node | null>;
  /** Those of these names that there are, in no order. */
  loadNodes(names: readonly string[]): Promise<Node[]>;
  /** Null: there is no such node. False: its state does not allow the request, or it is already in force. */
  writeRequest(node: string, request: NodeRequest, event: NewEvent): Promise<boolean | null>;
}
