/** One command of a session, as typed, and the lines that it left on the terminal. */
export interface Step {
  command: string;
  lines: string[];
}

const BEGIN = '<!-- session: made by npm run record -->\n```console\n';
const END = '```\n';
const PROMPT = '$ ';

/** The session in a document. */
export function readTranscript(document: string): Step[] {
  const [begin, end] = findBlock(document);
  return parseTranscript(document.slice(begin, end).trimEnd().split('\n'));
}

/** The document with another session in its place. */
export function replaceTranscript(document: string, steps: readonly Step[]): string {
  const [begin, end] = findBlock(document);
  const text = steps.map(({ command, lines }) => [`${PROMPT}${command}`, ...lines].join('\n')).join('\n');
  return `${document.slice(0, begin)}${text}\n${document.slice(end)}`;
}

function findBlock(document: string): [begin: number, end: number] {
  const at = document.indexOf(BEGIN);
  const begin = at + BEGIN.length;
  const end = document.indexOf(END, begin);
  if (at < 0 || end < 0) throw new Error(`the document has no session; it begins with ${BEGIN}`);
  return [begin, end];
}

/** Splits the lines of a terminal at its prompts. */
export function parseTranscript(lines: readonly string[]): Step[] {
  const steps: Step[] = [];
  for (const line of lines) {
    if (line.startsWith(PROMPT)) steps.push({ command: line.slice(PROMPT.length), lines: [] });
    // A waiting prompt, without its trailing blank.
    else if (line !== PROMPT.trim()) steps.at(-1)?.lines.push(line);
  }
  for (const { lines } of steps) while (lines.at(-1) === '') lines.pop();
  return steps;
}

/** True if the command ran until Ctrl-C. */
export function isInterrupted({ lines }: Step): boolean {
  return lines.includes('^C');
}

/** Stand-in names for nodes in the order in which they appear, so that sessions on other nodes compare. */
export interface Cast {
  letterOf(node: string): string;
  /** Null until that many nodes have appeared. */
  nodeOf(letter: string): string | null;
}

export const NODE_NAME = /\b(?:worker_|w)\d+\b/g;

export function createCast(): Cast {
  const nodes: string[] = [];
  return {
    letterOf(node) {
      if (!nodes.includes(node)) nodes.push(node);
      return `NODE-${nodes.indexOf(node) + 1}`;
    },
    nodeOf: (letter) => nodes[Number(letter.split('-')[1]) - 1] ?? null,
  };
}

/** Steps on the way. Timing differs each time, and with it the steps that are seen. */
const ON_THE_WAY =
  /^mine: (?:(?:pending|queued|provisioning|active|lost|migrating|releasing|released)\b|NODE-\d+ does not answer; waiting\b)/;
/** A row of a rental. With `-w`, the ones before the last are on the way, too. */
const ROW = /^mine [A-Z][a-z]+ NODE-\d/;

/** The part of an output that is the same each time the same commands are played. */
export function shapeOf(lines: readonly string[], cast: Cast): string[] {
  const shapes = lines
    .map((line) =>
      line
        // The seconds that a step on the terminal has taken so far.
        .replace(/ {2}\d+ s$/, '')
        .replaceAll(NODE_NAME, (node) => cast.letterOf(node))
        .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
        .replaceAll(/ -i \S+/g, ' -i KEY')
        .replaceAll(/\br[a-z0-9]{8}\b(?!:)/g, 'USER')
        .replaceAll(/\b\d+(\.\d+)? ?(ms|s|m|h|d)(\d+[smh])?\b/g, 'TIME')
        .replaceAll(/\d+/g, (digits, at: number, whole: string) =>
          whole.slice(0, at).endsWith('NODE-') ? digits : 'N',
        )
        .replaceAll(/ +/g, ' ')
        .trim(),
    )
    .filter((line) => line !== '' && !ON_THE_WAY.test(line));
  const changes = shapes.filter((line, index) => line !== shapes[index - 1]);
  return changes.filter((line, index) => !(ROW.test(line) && ROW.test(changes[index + 1] ?? '')));
}
