import type { Logger } from '../core/ports/ports.ts';

/** For tests that look at results, not at logs. */
const ignore = () => undefined;
export const SILENT: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
