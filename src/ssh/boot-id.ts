import type { BootId } from '../core/model/boot.ts';

/** For any shell; a machine without these files only says so on stderr. */
export const SHOW_BOOT = 'cat /proc/sys/kernel/random/boot_id /proc/1/stat';

const KERNEL = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\r?$/m;
/** Its name stands in brackets and may hold anything; its start is the 22nd field. */
const FIRST_PROCESS = /^1 \(.*\) \S(?: -?\d{1,20}){18} (\d{1,20}) /m;

/** What `SHOW_BOOT` printed, perhaps behind what a shell's profile did. Short, whatever the node sends. */
export function parseBootId(output: string): BootId | null {
  const [kernel, first] = [KERNEL.exec(output)?.[1], FIRST_PROCESS.exec(output)?.[1]];
  return kernel === undefined && first === undefined ? null : `${kernel ?? '-'}/${first ?? '-'}`;
}
