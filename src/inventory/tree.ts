import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, Scalar } from 'yaml';
import { type Environment, expandReferences, unveilReferences, veilReferences } from './variables.ts';

/** A position in the document: keys of mappings and indices of lists. */
export type Path = readonly (string | number)[];

export interface Problem {
  offset: number;
  path: Path;
  message: string;
}

export interface Tree {
  /** Plain values with references expanded. Mappings have no prototype. */
  value: unknown;
  problems: Problem[];
  /** Offset of the first syntax error: text after it may be misread. Infinity when there is none. */
  brokenFrom: number;
  /** Offset of a value, or of its container when it is missing. `key`: of its key instead. */
  locate(path: Path, key?: boolean): number;
  lineAndColumn(offset: number): { line: number; column: number };
}

/** Enough for people, too few for a document that grows a millionfold when its aliases are expanded. */
const MAX_ALIASES = 100;
const MAX_DEPTH = 32;

/** Text -> plain values whose positions are still known. */
export function readTree(text: string, env: Environment): Tree {
  const lines = new LineCounter();
  const document = parseDocument(veilReferences(text), {
    lineCounter: lines,
    prettyErrors: false,
    // Found while reading instead, so that the key's path can be reported.
    uniqueKeys: false,
    stringKeys: false,
  });
  const problems: Problem[] = [...document.errors, ...document.warnings].map((error) => ({
    offset: error.pos[0],
    path: [],
    message: `not valid YAML: ${unveilReferences(error.message)}`,
  }));
  const brokenFrom = Math.min(Infinity, ...document.errors.map((error) => error.pos[0]));
  const reader: Reader = { document, env, problems, aliases: 0 };
  const value = readNode(reader, document.contents, []);
  return {
    value,
    problems,
    brokenFrom,
    locate: (path, key) => locate(document, path, key ?? false),
    lineAndColumn: (offset) => {
      const { line, col } = lines.linePos(offset);
      return { line: Math.max(line, 1), column: Math.max(col, 1) };
    },
  };
}

interface Reader {
  document: Document.Parsed;
  env: Environment;
  problems: Problem[];
  aliases: number;
}

function readNode(reader: Reader, node: unknown, path: Path): unknown {
  if (path.length > MAX_DEPTH) {
    // A list that contains itself also ends up here.
    return report(reader, node, path.slice(0, 4), `expected at most ${MAX_DEPTH} levels`);
  }
  if (isAlias(node)) {
    reader.aliases += 1;
    if (reader.aliases === MAX_ALIASES + 1) {
      report(reader, node, path.slice(0, 4), `expected at most ${MAX_ALIASES} uses of aliases (*name)`);
    }
    if (reader.aliases > MAX_ALIASES) return undefined;
    const target = node.resolve(reader.document);
    if (target === undefined) return report(reader, node, path, `there is no anchor &${node.source}`);
    return readNode(reader, target, path);
  }
  if (isMap(node)) return readMap(reader, node.items, path);
  if (isSeq(node)) return node.items.map((item, index) => readNode(reader, item, [...path, index]));
  if (isScalar(node)) return readScalar(reader, node, path);
  return null;
}

function readMap(reader: Reader, items: { key: unknown; value: unknown }[], path: Path): unknown {
  const map: Record<string, unknown> = Object.create(null);
  const seenAt = new Map<string, unknown>();
  for (const { key, value } of items) {
    if (!isScalar(key) || key.value === null) {
      report(reader, key, path, 'expected the key to be a word');
      continue;
    }
    const name = unveilReferences(String(key.value));
    if (seenAt.has(name)) {
      report(reader, key, [...path, name], 'this key was already given; expected it once');
      continue;
    }
    seenAt.set(name, key);
    map[name] = readNode(reader, value, [...path, name]);
  }
  return map;
}

function readScalar(reader: Reader, node: Scalar, path: Path): unknown {
  if (typeof node.value !== 'string') return node.value;
  const { value, problems } = expandReferences(unveilReferences(node.value), reader.env);
  for (const message of problems) report(reader, node, path, message);
  return problems.length > 0 ? BROKEN : value;
}

/** Replaces a value whose problem was already reported, so that it is not reported twice. */
export const BROKEN = Symbol('broken');

function report(reader: Reader, node: unknown, path: Path, message: string): typeof BROKEN {
  reader.problems.push({ offset: startOf(node) ?? 0, path, message });
  return BROKEN;
}

function startOf(node: unknown): number | null {
  const range = (node as { range?: [number, number, number] | null } | null)?.range;
  return range === null || range === undefined ? null : range[0];
}

function locate(document: Document.Parsed, path: Path, key: boolean): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [depth, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    let keyNode: unknown = null;
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isScalar(item.key) && unveilReferences(String(item.key.value)) === step,
      );
      if (pair === undefined) return offset;
      keyNode = pair.key;
      node = pair.value;
    } else if (isSeq(node) && typeof step === 'number') {
      node = node.items[step];
    } else return offset;
    const isEmpty = node === null || (node instanceof Scalar && node.value === null);
    const wantsKey = (key && depth === path.length - 1) || isEmpty;
    offset = (wantsKey ? startOf(keyNode) : startOf(node)) ?? offset;
  }
  return offset;
}
