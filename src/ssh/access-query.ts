import { BaseAgent, type IdentityCallback, type ParsedKey, type SignCallback } from 'ssh2';
import type { Logger } from '../core/ports/log.ts';
import type { AccessQuery } from '../core/ports/node-access.ts';
import { withDeadline } from './deadline.ts';
import { dial } from './dial.ts';
import { classifyFailure, StepError } from './failure.ts';
import { describeFailure } from './failure-text.ts';
import { parseKey } from './parse-key.ts';

const MODEL_TYPE = 'ssh-ed25519';
// Any well-formed public key that ssh2 can read.
const MODEL = `${MODEL_TYPE} ${Buffer.concat([
  Buffer.from([0, 0, 0, 11]),
  Buffer.from(MODEL_TYPE),
  Buffer.from([0, 0, 0, 32]),
  Buffer.alloc(32),
]).toString('base64')}`;

/**
 * Asks SSH's own question, "would this key do for this account?", and hangs up where the proof would follow. So
 * the client's private key is not needed.
 */
export function createAccessQuery({ logger }: { logger: Logger }): AccessQuery {
  return {
    async isKeyAccepted(target, account, publicKey, { timeoutMs, signal }) {
      const { host, port, hostKey } = target;
      const address = `${host}:${port}`;
      const key = parseQueryKey(publicKey);
      if (hostKey === null || key === null) {
        const why = key === null ? 'the public key can not be read' : 'the host key is not known yet';
        return { kind: 'unknown', reason: 'ProbeFailed', message: `${address}: not asked: ${why}` };
      }
      const accepted = new AbortController();
      const auth = {
        type: 'agent' as const,
        username: account,
        agent: new QueryAgent(key, () => accepted.abort()),
      };
      try {
        // Acceptance ends the dial as a deadline does: the socket is destroyed before anything is signed.
        await withDeadline(timeoutMs, [signal, accepted.signal], async (deadline) => {
          const dialled = await dial(
            { host, port, hostKey, username: account, auth, keepaliveMs: 0 },
            deadline,
          );
          dialled.connection.destroy();
        });
        // Logged in without a signature: an account that is open to everybody is open to this key, too.
        return { kind: 'accepted' };
      } catch (error) {
        if (accepted.signal.aborted) return { kind: 'accepted' };
        const { step, cause } = error instanceof StepError ? error : { step: 'login' as const, cause: error };
        const { reason } = classifyFailure(step, cause);
        if (reason === 'AuthRefused') return { kind: 'refused' };
        const message = describeFailure(address, step, cause);
        logger.debug({ node: target.name, reason, detail: message }, 'key query without an answer');
        return { kind: 'unknown', reason, message };
      }
    },
  };
}

/** Offers one public key. ssh2 asks it to sign only after the server accepted the key. */
class QueryAgent extends BaseAgent<ParsedKey> {
  readonly #key: ParsedKey;
  readonly #onAccepted: () => void;

  constructor(key: ParsedKey, onAccepted: () => void) {
    super();
    this.#key = key;
    this.#onAccepted = onAccepted;
  }

  getIdentities(callback: IdentityCallback<ParsedKey>): void {
    callback(null, [this.#key]);
  }

  // Never calls back: there is no signature to give.
  sign(_key: ParsedKey, _data: Buffer, _options: object | SignCallback): void {
    this.#onAccepted();
  }
}

/** A client's public key in the form that ssh2 offers to a server; null when it is not a key. */
export function parseQueryKey(text: string): ParsedKey | null {
  const [type = '', base64 = ''] = text.trim().split(/\s+/);
  if (type.startsWith('sk-')) return createSecurityKey(type, Buffer.from(base64, 'base64'));
  const parsed = parseKey(`${type} ${base64}`);
  if (parsed instanceof Error) return null;
  return (Array.isArray(parsed) ? parsed[0] : parsed) ?? null;
}

/**
 * ssh2 can't read the keys of security keys, but a query sends only a key's name and bytes. So these override
 * those of a key that ssh2 can read, because it looks for that key's hidden marks.
 */
function createSecurityKey(type: string, blob: Buffer): ParsedKey | null {
  const length = blob.length < 4 ? 0 : blob.readUInt32BE(0);
  if (blob.toString('latin1', 4, 4 + length) !== type) return null;
  const model = parseKey(MODEL);
  if (model instanceof Error) return null;
  return Object.create(Array.isArray(model) ? (model[0] ?? null) : model, {
    type: { value: type },
    getPublicSSH: { value: () => blob },
  });
}
