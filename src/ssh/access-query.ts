import { BaseAgent, type IdentityCallback, type ParsedKey, type SignCallback } from 'ssh2';
import type { Logger } from '../core/ports/log.ts';
import type { AccessQuery } from '../core/ports/node-access.ts';
import { withDeadline } from './deadline.ts';
import { dial } from './dial.ts';
import { classifyFailure, StepError } from './failure.ts';
import { describeFailure } from './failure-text.ts';
import { parseQueryKey } from './query-key.ts';

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
