/** Control characters, directional and invisible marks, Unicode line ends, lone surrogates. */
const UNSHOWABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
/** Text without any of them. */
export const SHOWABLE_TEXT = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]*$/u;

/**
 * Makes text from a node or a client safe for logs, the history and terminals: one line of bounded length in which
 * nothing is obeyed, reordered or hidden. Any run of white space becomes one space; what can't be shown becomes its
 * code.
 */
export function escapeText(text: string, maxLength: number): string {
  // Cut before and after, so that a hostile node's megabyte is not escaped first.
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
