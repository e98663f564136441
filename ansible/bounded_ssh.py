#!/usr/bin/python3 -IS
"""ssh with a bound on what the node may send. Ansible calls it in place of ssh.

Ansible keeps whatever a node prints in memory, and copies it with each piece that arrives. An honest module answers
with some kilobytes. A node that sends more than the bound is cut off, and the run fails.
"""
import ctypes
import os
import resource
import select
import signal
import sys

# For stdout and stderr each. src/playbook/failure-words.ts knows the sentence.
MOST_BYTES = 256 * 1024
TOO_MUCH = 'orion: the node answered with more than %d bytes' % MOST_BYTES
LIBC, PR_SET_PDEATHSIG = ctypes.CDLL(None), 1
LARGEST_LOG = 1024 * 1024  # of ssh's own log file (-E), which may hold a server's banners


def start_ssh(stdout, stderr):
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_LOG, LARGEST_LOG))
    child = os.fork()
    if child != 0:
        return child
    try:
        # If this process is killed, ssh ends with it: nothing may go on talking to the node.
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        os.dup2(stdout, 1)
        os.dup2(stderr, 2)
        os.execvp('ssh', ['ssh'] + sys.argv[1:])
    finally:
        os._exit(127)


def write_all(fd, data):
    while data:
        data = data[os.write(fd, data):]


def pass_on(pipes):
    """-> False when there was more than allowed. `pipes`: {source: destination}."""
    left = dict.fromkeys(pipes, MOST_BYTES)
    while left:
        for fd in select.select(list(left), [], [])[0]:
            chunk = os.read(fd, 65536)
            if not chunk:
                del left[fd]
                continue
            left[fd] -= len(chunk)
            if left[fd] < 0:
                return False
            write_all(pipes[fd], chunk)
    return True


def main():
    (out_read, out_write), (err_read, err_write) = os.pipe(), os.pipe()
    child = start_ssh(out_write, err_write)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
    os.close(out_write)
    os.close(err_write)
    if not pass_on({out_read: 1, err_read: 2}):
        os.kill(child, signal.SIGKILL)
        write_all(2, ('\n%s\n' % TOO_MUCH).encode())
        return 1
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code < 0:  # Ansible must see the signal that ended ssh
        if code != -signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    return code


if __name__ == '__main__':
    sys.exit(main())
