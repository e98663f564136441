/** Exit codes, as documented. Everything else that ends a command is 1. */
export const EXIT = { ok: 0, failed: 1, usage: 2, timedOut: 3, interrupted: 130 } as const;

/** For what was refused to a tenant. */
export const ADMIN_HINT = "this needs an administrator's token (in a lab: ORION_TOKEN=$ORION_ADMIN_TOKEN)";

/** Ends a command with a message for people. Everything shown to them was written for them. */
export class CliError extends Error {
  readonly exitCode: number;
  readonly hint: string | undefined;

  constructor(message: string, options: { hint?: string | undefined; exitCode?: number } = {}) {
    super(message);
    this.name = 'CliError';
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? EXIT.failed;
  }
}
