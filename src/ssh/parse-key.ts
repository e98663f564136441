// ssh2 is CommonJS, and Node finds only some of its exports by name: `utils` is not one of them.
import ssh2, { type ParsedKey } from 'ssh2';

/** ssh2's own: returns a key, or the error that says what is wrong with it. */
export const parseKey: (data: Buffer | string) => ParsedKey | Error = ssh2.utils.parseKey;
