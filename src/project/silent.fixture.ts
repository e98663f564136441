import type { Logger } from '../core/ports/log.ts';

/** For tests that check results, not logs. */
const ignore = () => undefined;
export const SILENT: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
