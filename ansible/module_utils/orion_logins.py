"""Blanks the records of logins of Orion's accounts: whoever may read them would see a client's address.

In place, record by record: other programs add to these files at any time without a lock, and a new file would lose
what they add meanwhile. Making the files unreadable would not last, as log rotation and boot recreate them.
"""
import glob
import os
import platform
import pwd
import re
import stat

from ansible.module_utils.orion_node import UID_MAX, UID_MIN

# glibc's struct utmp and lastlog: on these machines the times in them are 64 bits wide.
WIDE = platform.machine() in ('aarch64', 'loongarch64', 'alpha')
UTMP_BYTES, NAME_AT, NAME_BYTES = 400 if WIDE else 384, 44, 32
BY_NAME = ('/run/utmp', '/var/log/wtmp', '/var/log/wtmp[.-]*[0-9]', '/var/log/btmp', '/var/log/btmp[.-]*[0-9]')
BY_UID = {'/var/log/lastlog': 296 if WIDE else 292, '/var/log/faillog': 32, '/var/log/tallylog': 64}
RECORDS_AT_ONCE = 2048
# The names of Orion's accounts, so that records left by interrupted removals are blanked, too.
OURS = re.compile(rb'r[a-z0-9]{8}\Z')


def has_account(look_up, key):
    try:
        look_up(key)
    except KeyError:
        return False
    return True


def open_records(path):
    """None where there is no such file, or something else in its place."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return fd
    os.close(fd)
    return None


def blank_by_name(fd, account):
    blanked, known, at, blank = 0, {account.encode(): True}, 0, bytes(UTMP_BYTES)
    while True:
        chunk = os.pread(fd, UTMP_BYTES * RECORDS_AT_ONCE, at)
        for start in range(0, len(chunk) - UTMP_BYTES + 1, UTMP_BYTES):
            name = chunk[start + NAME_AT:start + NAME_AT + NAME_BYTES].partition(b'\0')[0]
            if name not in known and OURS.match(name):
                known[name] = not has_account(pwd.getpwnam, name.decode())
            if known.get(name):
                os.pwrite(fd, blank, at + start)
                blanked += 1
        if len(chunk) < UTMP_BYTES * RECORDS_AT_ONCE:
            return blanked
        at += len(chunk)


def blank_by_uid(fd, size):
    """Reads the whole range at once. The uids are never given again, but others could read the records."""
    blanked, blank = 0, bytes(size)
    records = os.pread(fd, size * (UID_MAX - UID_MIN + 1), size * UID_MIN)
    for start in range(0, len(records) - size + 1, size):
        if records[start:start + size] != blank and not has_account(pwd.getpwuid, UID_MIN + start // size):
            os.pwrite(fd, blank, size * UID_MIN + start)
            blanked += 1
    return blanked


def forget_logins(account):
    """-> how many records were blanked. `account` is already removed, or about to be."""
    blanked = 0
    for pattern in BY_NAME:
        for path in glob.glob(pattern):
            blanked += with_records(path, lambda fd: blank_by_name(fd, account))
    for path, size in BY_UID.items():
        blanked += with_records(path, lambda fd, size=size: blank_by_uid(fd, size))
    return blanked


def with_records(path, work):
    fd = open_records(path)
    if fd is None:
        return 0
    try:
        return work(fd)
    finally:
        os.close(fd)
