import type { FailureReason } from '../failure/remedy.ts';
import type { BootId } from './boot.ts';
import type { Inspection } from './inspection.ts';
import type { ListenerFill } from './listener-fill.ts';

/** What one probe saw. `filled`: an account on the node had filled its listener and was ended for that. */
export type ProbeResult = { filled?: ListenerFill } & (
  | {
      ok: true;
      hostKey: string;
      latencyMs: number;
      /** The start of the machine that answers; a held probe has it from the beginning of its session. */
      bootId?: BootId | null;
      /**
       * For a fresh probe: what it saw of the account files, or why they can't be read, which is no failure of the
       * node.
       */
      inspection?: Inspection | { unreadable: string };
    }
  | {
      ok: false;
      reason: FailureReason;
      /** For people: what was tried and what came back; escaped, bounded, no secret. */
      message: string;
      /** `strong`: the node (or its host) itself said no, as in refused or reset; `weak`: silence. */
      evidence: 'strong' | 'weak';
      /** The host key that was offered instead of the expected one. */
      offeredHostKey: string | null;
      /** Its `SHA256:…` fingerprint. */
      offeredFingerprint: string | null;
    }
);
