"""Ends everything that runs under a uid and removes all that it owns. By account and by uid, so that a second run
finishes what an earlier one began."""
import contextlib
import ctypes
import json
import os
import pwd
import re
import signal
import stat
import tempfile
import time

from ansible.module_utils.orion_cgroups import release
from ansible.module_utils.orion_node import (
    BASELINE_FILE, KEY_DIR, Refusal, reason_of, run_account_tool, run_tool, tool)
from ansible.module_utils.orion_logins import forget_logins
from ansible.module_utils.orion_tree_removal import lstat_at
from ansible.module_utils.orion_sweep import Sweep

KILL_SECONDS, REMOVE_SECONDS = 60, 300
# Not walked: kernel file systems, and the system's own trees, where only root writes. Directories in there that
# anybody may write to are known from the baseline; orion_verify looks everywhere.
NOT_WALKED = {'proc', 'sys', 'usr', 'bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32', 'boot', 'etc'}
FOREIGN_FS = re.compile(r'^(proc|sysfs|cgroup2?|devpts|(security|debug|trace|config|autofs|nfs4?|cifs|smb3|9p|ceph|glusterfs|'
                        r'pstore|bpf|efivarfs|binfmt_misc|rpc_pipefs|fusectl|nsfs|selinuxfs)(fs)?|fuse\..*)\Z')
IPC_RMID, MNT_DETACH, UMOUNT_NOFOLLOW = 0, 2, 8


def uids_of(pid):
    """Real, effective, saved and file system uid, and whether it is dead already (a zombie runs nothing)."""
    try:
        with open('/proc/%s/status' % pid, errors='replace') as stream:
            text = stream.read()
    except OSError:
        return set(), True
    uids = re.search(r'^Uid:\s+(.*)$', text, re.M)
    return set(map(int, uids.group(1).split())) if uids else set(), re.search(r'^State:\s+[ZX]', text, re.M) is not None


def processes_of(uid):
    found = []
    for pid in filter(str.isdigit, os.listdir('/proc')):
        uids, dead = uids_of(pid)
        if uid in uids and not dead:
            found.append(int(pid))
    return found


def kill_everything_at_once(uid):
    """kill(-1) as the uid itself: the kernel ends all its processes in one go, so no fork bomb outruns it."""
    child = os.fork()
    if child == 0:
        with contextlib.suppress(OSError):
            os.setresuid(uid, uid, uid)
            os.kill(-1, signal.SIGKILL)
        os._exit(0)
    os.waitpid(child, 0)


def end_processes(uid):
    give_up_at = time.monotonic() + KILL_SECONDS
    pause = 0.002
    found = processes_of(uid)
    killed = len(found)
    while found:
        kill_everything_at_once(uid)
        for pid in found:  # those that the uid may not signal, such as one that became root through a setuid program
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > give_up_at:
            raise Refusal('PlaybookFailed', '%d processes of uid %d do not end' % (len(found), uid))
        time.sleep(pause)
        pause = min(pause * 2, 0.2)
        found = processes_of(uid)
    return killed


def close_account(account, uid):
    """From here on nothing starts under the account: neither a login that is under way nor a job that is due."""
    try:
        entry = pwd.getpwnam(account)
    except KeyError:
        entry = None
    # Before anything is touched: the same name with another uid is another placement's.
    if entry is not None and entry.pw_uid != uid:
        raise Refusal('PlaybookFailed', 'the account %s has uid %d, not %d' % (account, entry.pw_uid, uid))
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.join(KEY_DIR, account))
    if entry is None:
        return False
    try:
        if tool('usermod'):
            run_account_tool([tool('usermod'), '-L', '-e', '1', account])
        else:
            run_tool([tool('passwd') or 'passwd', '-l', account])
    except (Refusal, OSError) as problem:
        # On a full disk go on: what follows frees space, and the account itself goes at the end.
        if reason_of(problem) != 'DiskFull':
            raise
    return True


def end_session_state(account, uid):
    """Best effort: its processes are dead, and the verification finds what is left of sessions."""
    if os.path.isdir('/run/systemd/system') and tool('loginctl'):
        for verb in ('terminate-user', 'disable-linger'):
            with contextlib.suppress(Refusal):
                run_tool([tool('loginctl'), verb, account], timeout=20)
    libc = ctypes.CDLL(None)
    for point, kind, options in reversed(list(mounts())):
        if point == '/run/user/%d' % uid or (kind.startswith('fuse') and 'user_id=%d' % uid in options):
            libc.umount2(os.fsencode(point), MNT_DETACH | UMOUNT_NOFOLLOW)


def mounts():
    with open('/proc/self/mountinfo', errors='surrogateescape') as stream:
        for line in stream:
            fields = line.split()
            dash = fields.index('-')
            point = re.sub(r'\\([0-7]{3})', lambda m: chr(int(m.group(1), 8)), fields[4])
            yield point, fields[dash + 1], fields[-1].split(',')


def remove_named_files(sweep, account, keep_foreign_home):
    """Removes files with the name or the number of the account, whoever owns them. If Orion did not make the account,
    a directory with its name in /home that somebody else owns stays."""
    for path in ('/var/spool/cron/crontabs/' + account, '/var/spool/cron/tabs/' + account, '/var/spool/cron/' + account,
                 '/etc/crontabs/' + account, '/var/mail/' + account, '/var/spool/mail/' + account, '/run/faillock/' + account,
                 '/var/lib/systemd/linger/' + account, '/run/user/%d' % sweep.uid, '/home/' + account,
                 '/home/.orion-new-' + account):
        directory, name = os.path.split(path)
        try:
            fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            found = lstat_at(fd, name)
            foreign = keep_foreign_home and directory == '/home' and found is not None and found.st_uid != sweep.uid
            if found is not None and not foreign:
                sweep.remove_entry(fd, name, stat.S_ISDIR(found.st_mode), path)
        finally:
            os.close(fd)


def remove_ipc(uid):
    removed, libc = 0, ctypes.CDLL(None, use_errno=True)
    calls = {'shm': lambda i: libc.shmctl(i, IPC_RMID, None), 'sem': lambda i: libc.semctl(i, 0, IPC_RMID),
             'msg': lambda i: libc.msgctl(i, IPC_RMID, None)}
    for kind, remove in calls.items():
        try:
            with open('/proc/sysvipc/' + kind) as stream:
                rows = [line.split() for line in stream]
        except OSError:
            continue
        for row in rows[1:]:
            entry = dict(zip(rows[0], row))
            if str(uid) in (entry['uid'], entry['cuid']):
                remove(int(row[1]))  # shmid, semid, msqid
                removed += 1
    return removed


def remove_queues(uid):
    """Removes POSIX message queues, unless they are mounted, where the walk sees them."""
    if any(kind == 'mqueue' for _, kind, _ in mounts()):
        return 0
    point = tempfile.mkdtemp(prefix='orion-mqueue-', dir='/run')
    try:
        if run_tool([tool('mount') or 'mount', '-t', 'mqueue', 'none', point], timeout=20).returncode != 0:
            return 0  # a kernel without them
        try:
            sweep = Sweep(uid, set())
            sweep.place(point)
            return sweep.removed
        finally:
            run_tool([tool('umount') or 'umount', point], timeout=20)
    finally:
        os.rmdir(point)


def remove_account(account, in_use=False):
    """`in_use`: another account has the same uid, so running processes must not prevent the removal."""
    if tool('userdel'):
        return run_account_tool([tool('userdel')] + ['-f'] * in_use + [account], accept=(0, 6)).returncode == 0
    return run_account_tool([tool('deluser') or 'deluser', account], accept=(0, 1)).returncode == 0


def sweep_places(sweep):
    sweep.skipped = {point for point, kind, _ in mounts() if point != '/' and FOREIGN_FS.match(kind)}
    places = ['/' + name for name in os.listdir('/') if name not in NOT_WALKED and not os.path.islink('/' + name)]
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        with open(BASELINE_FILE) as stream:
            places += json.load(stream)['writable']
    for place in places:
        sweep.place(place)


def remove_everything(account, uid, keep_foreign_home=False, seconds=REMOVE_SECONDS):
    """-> was anything there? What can't be removed is reported at the end, when all the rest is gone."""
    was_there = close_account(account, uid)
    late_at = time.monotonic() + seconds
    sweep = Sweep(uid, set(), lambda: time.monotonic() > late_at)
    counts = []
    for is_last in (False, True):
        counts.append(sweep.attempt('processes', lambda: end_processes(uid)))
        sweep.attempt('sessions', lambda: end_session_state(account, uid))
        sweep.attempt('files under its name', lambda: remove_named_files(sweep, account, keep_foreign_home))
        counts.append(sweep.attempt('IPC', lambda: remove_ipc(uid)))
        # Then once more: a login that passed its checks just before the lock may have its process only now.
        if was_there and not is_last:
            sweep.attempt('the account', lambda: remove_account(account))
    counts.append(sweep.attempt('message queues', lambda: remove_queues(uid)))
    counts.append(sweep.attempt('control groups', lambda: release(uid)))
    sweep.attempt('its files', lambda: sweep_places(sweep))
    sweep.attempt('records of logins', lambda: forget_logins(account))
    sweep.finish()
    return was_there or sweep.removed > 0 or any(counts)


def remove_alias(account, uid):
    """Removes only the entry: the uid, and with it every process and file, is somebody else's."""
    close_account(account, uid)
    remove_account(account, in_use=True)
