"""Which files are exactly as the distribution packaged them, by dpkg's own records. They are read; nothing is run.

dpkg records the content of a file, but owner and mode only where an administrator has set them (statoverride). So a
file counts as packaged when an installed package lists it with this content, only root could have written it, and it
is not setuid or setgid. Whoever was root on the node could have changed the records, too.
"""
import grp
import hashlib
import os
import pwd
import stat
import sys
import time

DPKG = '/var/lib/dpkg'
MOST_BYTES = 1 << 20  # of a file, as orion_survey reads it
MOST_OF_RECORDS, READ_SECONDS = 512 << 20, 30
UNSAFE = 0o6022


class Budget:
    """What reading the records may cost. Beyond that nothing more counts as packaged."""

    def __init__(self):
        self.bytes, self.deadline = MOST_OF_RECORDS, time.monotonic() + READ_SECONDS

    def take(self, size):
        self.bytes -= size
        return self.bytes >= 0 and time.monotonic() <= self.deadline


def is_roots_directory(path):
    """True if it and all above it are directories, not links, that only root can change."""
    while True:
        found = os.lstat(path)
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or found.st_mode & 0o022:
            return False
        if path == '/':
            return True
        path = os.path.dirname(path)


def open_file(path):
    return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)


def read_record(path, budget):
    """-> the lines of one of dpkg's files, as bytes; none if others can change it, or the budget is used up."""
    try:
        fd = open_file(path)
    except OSError:
        return []
    with os.fdopen(fd, 'rb') as stream:
        found = os.fstat(stream.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_uid != 0 or found.st_mode & 0o022:
            return []
        if not budget.take(found.st_size):
            return []
        return stream.read(found.st_size).split(b'\n')


def installed_packages(budget):
    """-> {name as in the record files: {path: md5 of a configuration file}} for fully installed packages."""
    packages, block = {}, []
    for line in read_record(DPKG + '/status', budget) + [b'']:
        if line:
            block.append(line)
            continue
        fields, conffiles, inside = {}, {}, False
        for entry in block:
            if not entry.startswith(b' '):
                name, _, value = entry.partition(b':')
                fields[name], inside = value.strip(), name == b'Conffiles'
            elif inside:
                words = entry.split()
                # A third word says that the package no longer has the file.
                if len(words) == 2:
                    conffiles[words[0]] = words[1]
        block = []
        if fields.get(b'Status', b'').split()[1:] == [b'ok', b'installed'] and b'Package' in fields:
            name = fields[b'Package']
            packages[name] = conffiles
            packages[name + b':' + fields.get(b'Architecture', b'')] = conffiles
    return packages


def packaged_sums(wanted):
    """-> {path: its md5 sums in installed packages}, for these paths (bytes)."""
    sums, budget = {}, Budget()
    try:
        if not wanted or not is_roots_directory(DPKG + '/info'):
            return {}
        names = sorted(os.listdir(os.fsencode(DPKG + '/info')))
    except OSError:
        return {}
    packages = installed_packages(budget)
    for name in names:
        package, _, kind = name.rpartition(b'.')
        if kind != b'list' or package not in packages:
            continue
        info = os.fsencode(DPKG + '/info/') + package
        owned = wanted.intersection(read_record(info + b'.list', budget))
        for path in owned & set(packages[package]):
            sums.setdefault(path, set()).add(packages[package][path])
        if owned:
            for line in read_record(info + b'.md5sums', budget):
                md5, _, path = line.partition(b'  ')
                if b'/' + path in owned:
                    sums.setdefault(b'/' + path, set()).add(md5)
    return sums


def overrides():
    """-> {path: (uid, gid, mode)} that an administrator has set for packaged files; None for an unusable entry."""
    found = {}
    for line in read_record(DPKG + '/statoverride', Budget()):
        words = line.split(b' ', 3)
        if len(words) == 4:
            try:
                found[words[3]] = (id_of(words[0], lambda name: pwd.getpwnam(name).pw_uid),
                                   id_of(words[1], lambda name: grp.getgrnam(name).gr_gid), int(words[2], 8))
            except (KeyError, ValueError):
                found[words[3]] = None
    return found


def id_of(word, look_up):
    return int(word[1:]) if word.startswith(b'#') else look_up(os.fsdecode(word))


def is_as_packaged(path, sums, override):
    """Checks through one descriptor, so that content, owner and mode are those of the same file."""
    if not is_roots_directory(os.path.dirname(path)):
        return False
    fd = open_file(path)
    with os.fdopen(fd, 'rb') as stream:
        found = os.fstat(stream.fileno())
        mode = stat.S_IMODE(found.st_mode)
        owned = (found.st_uid, found.st_gid) == (0, 0) if override is False else (found.st_uid, found.st_gid, mode) == override
        if not stat.S_ISREG(found.st_mode) or not owned or mode & UNSAFE or found.st_size > MOST_BYTES:
            return False
        return md5_of(stream.read(MOST_BYTES + 1)) in sums


def md5_of(content):
    # Some systems forbid md5 for security. Python before 3.9 does not know the argument.
    known = {'usedforsecurity': False} if sys.version_info >= (3, 9) else {}
    try:
        return hashlib.new('md5', content, **known).hexdigest().encode()
    except ValueError:
        return b''


def as_packaged(paths):
    """-> those of the paths that are exactly what an installed package brought."""
    sums = packaged_sums({os.fsencode(path) for path in paths})
    if not sums:
        return set()
    overridden, kept = overrides(), set()
    for path in paths:
        name = os.fsencode(path)
        try:
            if name in sums and is_as_packaged(path, sums[name], overridden.get(name, False)):
                kept.add(path)
        except OSError:
            continue  # gone, a link, or on a broken disk: left to a person
    return kept
