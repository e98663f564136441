import type { Attribution } from './controls.ts';

/** The most differences that a node reports, and the greatest length of each; its module enforces both. */
export const MOST_DIFFERENCES = 20;
export const LONGEST_DIFFERENCE = 200;
/** Identifies a difference with everything in it, including the content of a file. */
export const DIFFERENCE_ID = /^[0-9a-f]{32}$/;

/** Something on a node that differs from its baseline and that a person may accept. */
export interface Difference {
  id: string;
  kind: string;
  text: string;
}

/** What the last verification found that a person may accept. */
export interface Differences {
  items: Difference[];
  /** Number of further differences that a person may accept, for which `items` has no room. */
  more: number;
  /** Number of other findings, which nobody can accept. */
  others: number;
}

/** A person's statement that these differences belong on the node. */
export interface AcceptRequest extends Attribution {
  ids: readonly string[];
}
