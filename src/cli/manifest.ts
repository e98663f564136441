import { readFileSync } from 'node:fs';
import { type Document, LineCounter, parseAllDocuments } from 'yaml';
import { DNS_LABEL } from '../core/text/dns-label.ts';
import { DURATION_FORMAT, parseDuration } from '../core/text/duration.ts';
import { CliError } from './cli-error.ts';
import type { Io } from './io.ts';

/** One rental that a file asks for: its name and the body for the API. */
export interface WantedRental {
  /** Its position, for errors: `rentals.yaml:12`. */
  where: string;
  name: string;
  body: Record<string, unknown>;
}

/** Fields of answers that no request has. They are dropped, so what was read back can be applied unchanged. */
const READ_ONLY = ['id', 'tenant', 'generation', 'createdAt', 'status', 'privateKeyPath'];

/**
 * The rentals in these files (`-`: standard input), YAML or JSON, one or more documents each. All mistakes in their
 * shape, names and durations are reported at once. The rest of a spec is for the API to judge.
 */
export async function readManifests({ input }: Io, paths: string[]): Promise<WantedRental[]> {
  const mistakes: string[] = [];
  const wanted: WantedRental[] = [];
  for (const path of paths) {
    const text = path === '-' ? await input.readAll() : readText(path);
    const read = parseManifest(text, path === '-' ? 'stdin' : path);
    mistakes.push(...read.mistakes);
    wanted.push(...read.wanted);
  }
  mistakes.push(...findRepeated(wanted));
  if (mistakes.length > 0) throw new CliError(mistakes.join('\n       '), { hint: 'nothing was applied' });
  return wanted;
}

function parseManifest(text: string, file: string): { wanted: WantedRental[]; mistakes: string[] } {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: true });
  const documents: Document[] = 'empty' in parsed ? [] : parsed;
  const mistakes: string[] = [];
  const wanted: WantedRental[] = [];
  for (const document of documents) {
    for (const { pos, message } of document.errors) {
      mistakes.push(`${file}:${lines.linePos(pos[0]).line}: ${message.split(/ at line|\n/)[0]}`);
    }
    if (document.errors.length > 0) continue;
    const where = `${file}:${lines.linePos(document.contents?.range?.[0] ?? 0).line}`;
    for (const object of listOf(document.toJS())) {
      const read = readObject(object, where);
      if (typeof read === 'string') mistakes.push(`${where}: ${read}`);
      else wanted.push(read);
    }
  }
  if (wanted.length === 0 && mistakes.length === 0) mistakes.push(`${file} has no rentals`);
  return { wanted, mistakes };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CliError(`${path} can't be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

/** The objects of a document: one, a list as `get -o yaml` prints it, or none, as after a final `---`. */
function listOf(value: unknown): unknown[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value;
  const { items } = value as { items?: unknown };
  return Array.isArray(items) ? items : [value];
}

function readObject(value: unknown, where: string): WantedRental | string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return 'expected a rental: name and spec';
  }
  const { kind, name, ...rest } = value as Record<string, unknown>;
  if (kind !== undefined && String(kind).toLowerCase() !== 'rental') {
    return `kind: only rentals are applied; the fleet belongs to the inventory (orion inventory apply)`;
  }
  if (typeof name !== 'string' || name === '') return 'name: a rental that is applied needs one';
  if (!DNS_LABEL.test(name)) return `name: expected a DNS label (a-z, 0-9 and "-", at most 63), not ${name}`;
  const body = Object.fromEntries(Object.entries(rest).filter(([key]) => !READ_ONLY.includes(key)));
  const ttl = readField(body, 'ttl');
  if (typeof ttl === 'string' && parseDuration(ttl) === null) return `ttl: expected ${DURATION_FORMAT}`;
  return { where, name, body };
}

/** A field of a rental, either in its spec or beside it. */
export function readField(body: WantedRental['body'], name: string): unknown {
  const { [name]: field = (body.spec as WantedRental['body'] | null | undefined)?.[name] } = body;
  return field;
}

function findRepeated(wanted: WantedRental[]): string[] {
  const first = new Map<string, string>();
  return wanted.flatMap(({ name, where }) => {
    const before = first.get(name);
    first.set(name, before ?? where);
    return before === undefined ? [] : [`${where}: name: ${name} is already at ${before}`];
  });
}
