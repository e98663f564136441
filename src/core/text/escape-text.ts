/** Controls, marks of direction and invisible ones, line ends of Unicode, halves of a pair. */
const UNSHOWABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
/** Text without any of them. */
export const SHOWABLE_TEXT = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]*$/u;

/**
 * Text from a node or a client, fit for a log, the history and a terminal: one line, of bounded length, on which
 * nothing is obeyed, reordered or hidden. White space of any kind becomes one blank; what can't be shown shows its
 * code.
 */
export function escapeText(text: string, maxLength: number): string {
  // Cut before and after: a hostile node's megabyte is not escaped first.
  const line = text
    .slice(0, 4 * maxLength)
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, maxLength + 1)
    .replace(UNSHOWABLE, showCode);
  return line.length > maxLength ? `${line.slice(0, maxLength - 1)}…` : line;
}

function showCode(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}
