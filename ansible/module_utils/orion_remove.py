"""Removes what one uid owns, through directory descriptors: a symlink that is swapped in leads nowhere."""
import contextlib
import errno
import os
import stat

from ansible.module_utils.orion_node import Refusal

DEEPEST = 100  # only directories of others are descended into; a tenant's own are emptied without depth
O_DIR = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def lstat_at(fd, name):
    try:
        return os.stat(name, dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        return None


def remove_entry(fd, name, found):
    """A file, a link, or a directory with all that is in it."""
    if not stat.S_ISDIR(found.st_mode):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=fd)
        return
    try:
        top = os.open(name, O_DIR, dir_fd=fd)
    except FileNotFoundError:
        return
    try:
        empty_directory(top)
    finally:
        os.close(top)
    os.rmdir(name, dir_fd=fd)


def empty_directory(top):
    """Each directory below is moved up to `top` before it is emptied, so no nesting, however deep, needs more than
    two open descriptors or a long path."""
    moved = 0
    pending = [None]
    while pending:
        name = pending.pop()
        fd = os.dup(top) if name is None else os.open(name, O_DIR, dir_fd=top)
        try:
            for child in os.listdir(fd):
                found = lstat_at(fd, child)
                if found is None or (name is None and child in pending):
                    continue
                if not stat.S_ISDIR(found.st_mode):
                    os.unlink(child, dir_fd=fd)
                elif name is None:
                    pending.append(child)
                else:
                    moved += 1
                    up = '.orion-gone-%d-%d' % (os.getpid(), moved)
                    os.rename(child, up, src_dir_fd=fd, dst_dir_fd=top)
                    pending.append(up)
        finally:
            os.close(fd)
        if name is not None:
            os.rmdir(name, dir_fd=top)


class Sweep:
    """One bounded walk that removes what belongs to `uid` from places that he could write to."""

    def __init__(self, uid, skipped, is_late):
        self.uid, self.skipped, self.is_late = uid, skipped, is_late
        self.removed, self.troubles, self.visited = 0, [], set()

    def place(self, path):
        try:
            fd = os.open(path, O_DIR)
        except OSError:
            return
        self.walk(fd, path, 0)

    def walk(self, fd, path, depth):
        """Takes over `fd`."""
        try:
            here = os.fstat(fd)
            if path in self.skipped or (here.st_dev, here.st_ino) in self.visited:
                return
            self.visited.add((here.st_dev, here.st_ino))
            if self.is_late():
                raise Refusal('PlaybookFailed', 'the walk for files of uid %d did not end in time' % self.uid)
            if depth > DEEPEST:
                self.troubles.append('%s is nested too deeply' % path[:100])
                return
            for name in os.listdir(fd):
                self.look_at(fd, path, name, depth)
        finally:
            os.close(fd)

    def look_at(self, fd, path, name, depth):
        found, full = lstat_at(fd, name), path.rstrip('/') + '/' + name
        if found is None:
            return
        try:
            if found.st_uid == self.uid:
                remove_entry(fd, name, found)
                self.removed += 1
            elif stat.S_ISDIR(found.st_mode):
                self.walk(os.open(name, O_DIR, dir_fd=fd), full, depth + 1)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                self.troubles.append('%s: %s' % (full[:100], error.strerror))
