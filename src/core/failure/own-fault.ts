import type { FailureReason } from './remedy.ts';

/**
 * What the control plane's own kernel says when the control plane lacks something: files, ports, memory, disk. It says
 * nothing about the node that the work was for, so no node is judged by it.
 */
const OWN_CODES = ['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS', 'ENOSPC', 'EDQUOT', 'EADDRNOTAVAIL'];
/** Of the own files likewise. */
export const OWN_FILE_CODES: readonly unknown[] = [...OWN_CODES, 'EACCES', 'EPERM', 'EIO', 'EROFS'];

export const OWN_FAULT = 'ControlPlaneFault' satisfies FailureReason;

export function isOwnFault(reason: FailureReason): boolean {
  return reason === OWN_FAULT;
}

/** Is this error of a system call the control plane's own fault? One of several addresses that works proves little. */
export function isOwnError(error: unknown): boolean {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.every(isOwnError);
  const { code, address } = (typeof error === 'object' && error !== null ? error : {}) as {
    code?: unknown;
    address?: unknown;
  };
  // A machine without IPv6 says so of every IPv6 address; of an IPv4 address it means that the ports are used up.
  if (code === 'EADDRNOTAVAIL') return !(typeof address === 'string' && address.includes(':'));
  return OWN_CODES.includes(String(code));
}
