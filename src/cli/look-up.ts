import { ApiError } from '../client/protocol/errors.ts';
import type { Node, Rental } from '../client/protocol/operations.ts';
import { findNearest } from '../core/text/suggest.ts';
import { CliError, EXIT } from './cli-error.ts';
import type { Context } from './context.ts';
import { type AnyNode, requireAdminView } from './resources.ts';

export type Kind = 'rental' | 'node';

/** Finds a rental by name or id. After a misspelling, the error says what exists. */
export function loadRental(context: Context, id: string): Promise<Rental> {
  return orSuggest(context, 'rental', id, () => context.client().call('getRental', { params: { id } }));
}

export function loadNode(context: Context, name: string, signal?: AbortSignal): Promise<AnyNode> {
  return orSuggest(context, 'node', name, () =>
    context.client().call('getNode', { params: { name } }, { signal }),
  );
}

/** Runs `work` on a named object. If there is none of that name, the error suggests the one that may be meant. */
export async function orSuggest<Result>(
  context: Context,
  kind: Kind,
  name: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ApiError && error.code === 'not_found')) throw error;
    // The suggestion must not hide the original error.
    const near = findNearest(name, await listNames(context, kind).catch(() => []));
    // Names find only live rentals. The history of ended ones is found by id.
    const ended = kind === 'rental' ? '; with what has ended: orion get rentals --all -o wide' : '';
    const hint = near === null ? `what there is: orion get ${kind}s${ended}` : `did you mean ${near}?`;
    throw new CliError(`there is no ${kind} ${name}`, { hint });
  }
}

/** The nodes that the operator named, or with `--all` those that need something done. */
export async function nameNodes(
  context: Context,
  named: string[],
  { all, isMeant }: { all: boolean; isMeant: (status: Node['status']) => boolean },
): Promise<string[]> {
  if (all === named.length > 0) throw new CliError('name the nodes, or --all', { exitCode: EXIT.usage });
  if (!all) return named;
  const nodes = await context.client().listAll('listNodes', {});
  return nodes.map(requireAdminView).flatMap(({ name, status }) => (isMeant(status) ? [name] : []));
}

const FIRST_PAGE = 500;

/** The names on the first page: enough to choose from. */
export async function listNames(context: Context, kind: Kind, timeoutMs = 5_000): Promise<string[]> {
  const query = { limit: FIRST_PAGE };
  const id = kind === 'rental' ? 'listRentals' : 'listNodes';
  const { items } = await context.client().call(id, { query }, { timeoutMs });
  return items.map((item) => item.name);
}
