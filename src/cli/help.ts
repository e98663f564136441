import type { Command } from 'commander';

export interface Help {
  /** More than the one-line description, for a first-time user. */
  about?: string;
  /** Command lines that can be typed as they are, and what each does. */
  examples: [line: string, what: string][];
  /** What exit code 1 means, if more than a failure. */
  failed?: string;
  /** What did not happen in time, for commands that wait: exit code 3. */
  timedOut?: string;
  /** Exit codes of this command alone. */
  otherCodes?: string;
}

const WIDTH = 80;

/** Adds the part of `--help` that commander does not write: examples, and what the exit codes mean. */
export function withHelp(command: Command, help: Help): Command {
  const { about, examples, failed = 'failed', timedOut, otherCodes } = help;
  const lines = examples.map(([line, what]) => `  ${line}\n${wrap(what, '      ')}`);
  const codes = [
    ['0', 'done'],
    ['1', failed],
    ['2', 'wrong usage'],
    ...(timedOut === undefined ? [] : [['3', timedOut]]),
  ].map(([code, what]) => wrap(`${code}  ${what}`, '  ', '     '));
  const chapters = [
    ...(about === undefined
      ? []
      : [
          about
            .split('\n')
            .map((line) => wrap(line, ''))
            .join('\n'),
        ]),
    ['Examples:', ...lines].join('\n'),
    ['Exit codes:', ...codes, ...(otherCodes === undefined ? [] : [wrap(otherCodes, '  ', '       ')])].join(
      '\n',
    ),
  ];
  return command.addHelpText('after', `\n${chapters.join('\n\n')}`);
}

/** Breaks between words. Lines after the first are indented, too. */
function wrap(text: string, indent: string, nextIndent = indent): string {
  const lines = [indent];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) as string;
    const isFirst = line === indent || line === nextIndent;
    if (isFirst || line.length + 1 + word.length <= WIDTH) {
      lines[lines.length - 1] = isFirst ? `${line}${word}` : `${line} ${word}`;
    } else lines.push(`${nextIndent}${word}`);
  }
  return lines.join('\n');
}
