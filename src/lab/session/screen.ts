/**
 * What a terminal shows, with all that scrolled off above, after a program has written this to it. Understands what
 * shells and orion use: moving the cursor, deleting, and colours, which leave no trace in text.
 */
export function renderScreen(written: string): string[] {
  const lines: string[][] = [[]];
  let row = 0;
  let column = 0;
  const line = (): string[] => {
    while (lines.length <= row) lines.push([]);
    return lines[row] as string[];
  };

  function control(parameters: string, command: string): void {
    const count = Number(parameters) || 1;
    if (command === 'A') row = Math.max(0, row - count);
    else if (command === 'C') column += count;
    else if (command === 'D') column = Math.max(0, column - count);
    else if (command === 'K') line().length = Math.min(line().length, column);
    else if (command === 'J') {
      line().length = Math.min(line().length, column);
      lines.length = row + 1;
    }
  }

  for (const [token] of written.matchAll(TOKENS)) {
    const [, parameters, command] = CONTROL.exec(token) ?? [];
    if (command !== undefined) control(parameters ?? '', command);
    else if (token === '\n') row += 1;
    else if (token === '\r') column = 0;
    else if (token === '\b') column = Math.max(0, column - 1);
    else if (token >= ' ') {
      const cells = line();
      while (cells.length < column) cells.push(' ');
      cells[column] = token;
      column += 1;
    }
    line();
  }
  return lines.map((cells) => cells.join('').trimEnd());
}

/** A control sequence, a command to the terminal's own window (such as its title), or one character. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are steered by them
const TOKENS = /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b.|[\s\S]/gu;
// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are steered by them
const CONTROL = /^\u001b\[([0-?]*)[ -/]*([@-~])$/;
