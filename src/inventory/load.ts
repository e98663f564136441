import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import type { InventoryResult } from '../core/model/inventory.ts';
import type { NodeSpec } from '../core/model/node.ts';
import { suggest } from '../core/text/suggest.ts';
import { isLabelKey } from './formats.ts';
import { findRelationProblems } from './relations.ts';
import { fillPolicy, type InventoryFile, inventorySchema, type NodeEntry, PLANNED_KEYS } from './schema.ts';
import { BROKEN, type Path, type Problem, readTree, type Tree } from './tree.ts';
import type { Environment } from './variables.ts';

const MAX_BYTES = 5 * 1024 * 1024;

/**
 * Reads an inventory and checks it strictly. `env` is what `${NAME}` in it refers to, and should have ORION_HOME.
 * Never rejects: an unreadable file is a problem like any other.
 */
export async function loadInventory(path: string, env: Environment): Promise<InventoryResult> {
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) {
      return { ok: false, problems: [`${path}:1:1: expected a file of at most 5 MB, not ${size} bytes`] };
    }
    return parseInventory(await readFile(path, 'utf8'), path, env);
  } catch (error) {
    return { ok: false, problems: [`${path}:1:1: ${describeReadError(error)}`] };
  }
}

function describeReadError(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file; set ORION_INVENTORY to use another one';
  if (code === 'EISDIR') return 'expected a file, this is a directory';
  return `the file can't be read (${code ?? 'unknown error'})`;
}

/** Like `loadInventory`, for text at hand. `path` is for messages and relative key paths. */
export function parseInventory(text: string, path: string, env: Environment): InventoryResult {
  const tree = readTree(text, env);
  const parsed = inventorySchema.safeParse(tree.value);
  const found = [
    ...(parsed.success ? [] : parsed.error.issues.flatMap((issue) => describeIssue(issue, tree))),
    ...findBadLabelKeys(tree),
    ...findRelationProblems(tree.value).map((finding) => ({ ...finding, offset: tree.locate(finding.path) })),
  ];
  const problems = [
    ...tree.problems,
    // After a syntax error the rest may be misread, and what is missing may be there.
    ...found.filter((problem) => tree.brokenFrom === Infinity || isReliable(problem, tree)),
  ];
  if (problems.length > 0 || !parsed.success) return { ok: false, problems: print(problems, path, tree) };
  const policy = fillPolicy(parsed.data.policy);
  const nodes = buildNodes(parsed.data, path, env);
  return { ok: true, inventory: { policy, nodes, sha256: computeSha256(text) } };
}

/** Shows that an operator and the daemon mean the same file. */
export function computeSha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function isReliable(problem: Problem, tree: Tree): boolean {
  return problem.offset < tree.brokenFrom && valueAt(tree.value, problem.path) !== undefined;
}

function describeIssue(issue: z.core.$ZodIssue, tree: Tree): Problem[] {
  const path = issue.path.filter((step): step is string | number => typeof step !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    const known = issue.message.split(' ');
    return issue.keys.map((key) => ({
      offset: tree.locate([...path, key], true),
      path: [...path, key],
      message: describeUnknownKey([...path, key], known),
    }));
  }
  if (valueAt(tree.value, path) === BROKEN) return [];
  return [{ offset: tree.locate(path), path, message: issue.message }];
}

function describeUnknownKey(path: Path, known: string[]): string {
  const planned = PLANNED_KEYS[path.filter((step) => typeof step === 'string').join('.')];
  if (planned !== undefined) return `not available: ${planned}`;
  return `unknown key; expected ${known.join(', ')}${suggest(String(path.at(-1)), known)}`;
}

/** Separate from the schema, so that the position is the key's and the path needs no guessing. */
function findBadLabelKeys(tree: Tree): Problem[] {
  const nodes = valueAt(tree.value, ['nodes']);
  const places: Path[] = [['defaults', 'labels']];
  if (Array.isArray(nodes)) places.push(...nodes.map((_, index) => ['nodes', index, 'labels']));
  return places.flatMap((place) =>
    Object.keys(Object(valueAt(tree.value, place)))
      .filter((key) => !isLabelKey(key) || key === '__proto__')
      .map((key) => ({
        offset: tree.locate([...place, key], true),
        path: [...place, key],
        message:
          'expected a label key such as "size" or "example.com/size", at most 63 letters, digits, "_", "-", "."',
      })),
  );
}

function valueAt(value: unknown, path: Path): unknown {
  let found = value;
  for (const step of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = (found as Record<string | number, unknown>)[step];
  }
  return found;
}

function print(problems: Problem[], path: string, tree: Tree): string[] {
  const sorted = problems.toSorted((a, b) => a.offset - b.offset);
  const lines = sorted.map((problem) => {
    const { line, column } = tree.lineAndColumn(problem.offset);
    const key = problem.path.length === 0 ? '' : `${printPath(problem.path)}: `;
    return `${path}:${line}:${column}: ${key}${problem.message}`;
  });
  return [...new Set(lines)];
}

function printPath(path: Path): string {
  return path
    .map((step) => {
      if (typeof step === 'number') return `[${step}]`;
      return /^[\w/-]+$/.test(step) ? `.${step}` : `[${JSON.stringify(step.slice(0, 64))}]`;
    })
    .join('')
    .replace(/^\./, '');
}

function buildNodes(file: InventoryFile, path: string, env: Environment): NodeSpec[] {
  const folder = dirname(resolve(path));
  const controlKey = env.ORION_CONTROL_KEY ?? `${env.ORION_HOME ?? '.orion'}/keys/control_ed25519`;
  return file.nodes.map((node) => buildNode(node, file.defaults ?? {}, folder, controlKey));
}

function buildNode(
  node: NodeEntry,
  defaults: NonNullable<InventoryFile['defaults']>,
  folder: string,
  controlKey: string,
): NodeSpec {
  const host = node.host ?? defaults.host ?? '';
  const port = node.port ?? defaults.port ?? 22;
  return {
    name: node.name,
    host,
    port,
    user: node.user ?? defaults.user ?? 'root',
    privateKeyPath: resolve(folder, node.privateKey ?? defaults.privateKey ?? controlKey),
    pinnedHostKey: node.hostKey ?? null,
    clientHost: node.address?.host ?? defaults.address?.host ?? host,
    clientPort: node.address?.port ?? defaults.address?.port ?? port,
    zone: node.zone ?? defaults.zone ?? null,
    labels: { ...defaults.labels, ...node.labels },
    retiring: false,
  };
}
