import type { BootId } from '../core/model/boot.ts';

/** Works in any shell. A machine without these files only reports that on stderr. */
export const SHOW_BOOT = 'cat /proc/sys/kernel/random/boot_id /proc/1/stat';

const KERNEL = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\r?$/m;
/** The process name is in parentheses and may contain anything; the start time is the 22nd field. */
const FIRST_PROCESS = /^1 \(.*\) \S(?: -?\d{1,20}){18} (\d{1,20}) /m;

/** Parses the output of `SHOW_BOOT`, perhaps after output of a shell's profile. Short, whatever the node sends. */
export function parseBootId(output: string): BootId | null {
  const [kernel, first] = [KERNEL.exec(output)?.[1], FIRST_PROCESS.exec(output)?.[1]];
  return kernel === undefined && first === undefined ? null : `${kernel ?? '-'}/${first ?? '-'}`;
}
