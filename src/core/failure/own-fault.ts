import type { FailureReason } from './remedy.ts';

/**
 * Error codes of the control plane's own kernel for something that the control plane lacks: files, ports, memory,
 * disk. They say nothing about the node that the work was for, so no node is judged by them.
 */
const OWN_CODES = ['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS', 'ENOSPC', 'EDQUOT', 'EADDRNOTAVAIL'];
/** The same for the control plane's own files. */
export const OWN_FILE_CODES: readonly unknown[] = [...OWN_CODES, 'EACCES', 'EPERM', 'EIO', 'EROFS'];

export const OWN_FAULT = 'ControlPlaneFault' satisfies FailureReason;

export function isOwnFault(reason: FailureReason): boolean {
  return reason === OWN_FAULT;
}

/**
 * Did this system call fail through the control plane's own fault? With several addresses, all must have failed so.
 */
export function isOwnError(error: unknown): boolean {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.every(isOwnError);
  const { code, address } = (typeof error === 'object' && error !== null ? error : {}) as {
    code?: unknown;
    address?: unknown;
  };
  // A machine without IPv6 fails like this for every IPv6 address. For IPv4 it means that the ports are used up.
  if (code === 'EADDRNOTAVAIL') return !(typeof address === 'string' && address.includes(':'));
  return OWN_CODES.includes(String(code));
}
