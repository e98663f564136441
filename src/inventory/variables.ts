/**
 * `${NAME}` and `${NAME:-default}` in the inventory's values.
 *
 * Braces and commas end a plain word inside `{ … }`, so `{ host: ${H:-127.0.0.1} }` is not YAML. People write it
 * anyway, as they know it from compose files. So references are veiled before the text is parsed, each character
 * by one that means nothing to YAML, and unveiled in the result: lines and columns stay true.
 */
const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}"'\\\r\n]*))?\}/g;
const VEIL = 0xe000;

export function veilReferences(text: string): string {
  return text.replaceAll(REFERENCE, (reference) =>
    Array.from(reference, (character) =>
      character < '\u0080' ? String.fromCharCode(VEIL + character.charCodeAt(0)) : character,
    ).join(''),
  );
}

export function unveilReferences(text: string): string {
  return text.replaceAll(/[\ue000-\ue07f]/g, (character) =>
    String.fromCharCode(character.charCodeAt(0) - VEIL),
  );
}

export type Environment = Record<string, string | undefined>;

/** `problems`: what is wrong with the references in the text. If there are any, the value is useless. */
export function expandReferences(text: string, env: Environment): { value: string; problems: string[] } {
  if (!text.includes('${')) return { value: text, problems: [] };
  const problems: string[] = [];
  const rest = text.replaceAll(REFERENCE, '');
  if (rest.includes('${')) problems.push(`expected references to be \${NAME} or \${NAME:-default}`);
  const value = text.replaceAll(REFERENCE, (_, name: string, fallback: string | undefined) => {
    const found = env[name];
    // As in a shell: the default also replaces an empty value.
    if (fallback !== undefined) return found === undefined || found === '' ? fallback : found;
    if (found === undefined) {
      problems.push(`the environment variable ${name} is not set; set it or write \${${name}:-default}`);
    }
    return found ?? '';
  });
  return { value, problems };
}
