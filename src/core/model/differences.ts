import type { Attribution } from './controls.ts';

/** How many differences a node tells, as its module bounds them, and how long each is at most. */
export const MOST_DIFFERENCES = 20;
export const LONGEST_DIFFERENCE = 200;
/** Names a difference with all that it consists of, the content of a file too. */
export const DIFFERENCE_ID = /^[0-9a-f]{32}$/;

/** Something on a node that is not as its baseline has it, and that a person may let in. */
export interface Difference {
  id: string;
  kind: string;
  text: string;
}

/** What the last verification found that a person may accept. */
export interface Differences {
  items: Difference[];
  /** How many more a person may let in, which `items` has no room for. */
  more: number;
  /** How many findings there are besides, which nobody can accept. */
  others: number;
}

/** A person's word that these differences belong on the node. */
export interface AcceptRequest extends Attribution {
  ids: readonly string[];
}
