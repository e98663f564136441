import type { Argument, Command, Option } from 'commander';

/** What may be typed next. */
export interface Completion {
  words: Candidate[];
  /** The kind of object whose names may come here, too. */
  names: 'rental' | 'node' | null;
  /** True when a file name may come here. */
  files: boolean;
}

export interface Candidate {
  word: string;
  about: string;
}

const NOTHING: Completion = { words: [], names: null, files: false };

/**
 * Completes the last of `words`, the one being typed, from commander's own commands, options and their values.
 * `words` begins after the program's name.
 */
export function complete(program: Command, words: readonly string[]): Completion {
  // Bash splits `--output=json` into three words.
  const typed = words.filter((word) => word !== '=');
  const current = typed.at(-1) ?? '';
  let command = program;
  let place = 0;
  let pending: Option | null = null;
  let isOver = false;
  for (const word of typed.slice(0, -1)) {
    if (pending !== null) pending = null;
    else if (word === '--') isOver = true;
    else if (!isOver && word.startsWith('-')) pending = optionToFill(command, word);
    else {
      const child = isOver || place > 0 ? undefined : findCommand(command, word);
      if (child === undefined) place += 1;
      else command = child;
    }
  }
  // Words after `--` belong to another program.
  if (isOver) return NOTHING;
  if (pending !== null) return valuesOf(pending);
  if (current.startsWith('-')) return { ...NOTHING, words: listOptions(command) };
  if (command.commands.length > 0) return place > 0 ? NOTHING : { ...NOTHING, words: listCommands(command) };
  const argument = command.registeredArguments[place] ?? lastIfVariadic(command.registeredArguments);
  return argument === undefined ? NOTHING : valuesOfArgument(argument);
}

export function findCommand(command: Command, word: string): Command | undefined {
  return command.commands.find((child) => child.name() === word || child.aliases().includes(word));
}

/** The option whose value comes next; null when it takes none or has it already (`--output=json`). */
function optionToFill(command: Command, word: string): Option | null {
  if (word.includes('=')) return null;
  const option = command.options.find(({ long, short }) => long === word || short === word);
  return option?.required ? option : null;
}

function valuesOf({ argChoices, flags }: Option): Completion {
  return valuesNamed(/[<[]([\w-]+)/.exec(flags)?.[1] ?? '', argChoices);
}

function valuesOfArgument(argument: Argument): Completion {
  return valuesNamed(argument.name(), argument.argChoices);
}

/** Names of arguments that are files, as in usage lines. */
const FILES = ['file', 'key', 'folder'];

function valuesNamed(name: string, choices: readonly string[] | undefined): Completion {
  if (choices !== undefined) return { ...NOTHING, words: choices.map((word) => ({ word, about: '' })) };
  if (name === 'rental' || name === 'node') return { ...NOTHING, names: name };
  return { ...NOTHING, files: FILES.includes(name) };
}

function lastIfVariadic(all: readonly Argument[]): Argument | undefined {
  const last = all.at(-1);
  return last?.variadic ? last : undefined;
}

function listOptions(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .map(({ long, short, description }) => ({ word: long ?? short ?? '', about: description }));
}

function listCommands(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((child) => ({ word: child.name(), about: child.description() }));
}
