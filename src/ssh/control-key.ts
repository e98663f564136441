import { readFile, stat } from 'node:fs/promises';
import type { ParsedKey } from 'ssh2';
import { OWN_FILE_CODES } from '../core/failure/own-fault.ts';
import { KeyUnreadable } from './failure.ts';
import { parseKey } from './parse-key.ts';

export type ControlKeys = (path: string) => Promise<ParsedKey>;

/** Reads the control plane's private keys, again only when a file changed: a rotated key needs no restart. */
export function createControlKeys(): ControlKeys {
  const cache = new Map<string, { version: string; key: ParsedKey }>();
  return async (path) => {
    try {
      const { mtimeMs, size, ino } = await stat(path);
      const version = `${mtimeMs}:${size}:${ino}`;
      const cached = cache.get(path);
      if (cached?.version === version) return cached.key;
      const key = parsePrivateKey(await readFile(path));
      cache.set(path, { version, key });
      return key;
    } catch (error) {
      cache.delete(path);
      const text = error instanceof Error ? error.message : String(error);
      // The parser's messages name the format, never the content.
      throw new KeyUnreadable(
        `${path}: ${text}`,
        OWN_FILE_CODES.includes((error as NodeJS.ErrnoException).code),
      );
    }
  };
}

function parsePrivateKey(content: Buffer): ParsedKey {
  const parsed = parseKey(content);
  if (parsed instanceof Error) throw parsed;
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (!key?.isPrivateKey()) throw new Error('this is not a private key');
  return key;
}
