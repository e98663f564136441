"""Removes what one uid owns, through directory descriptors: a symlink that is swapped in leads nowhere.

Nothing that a tenant can put anywhere decides whether the removal succeeds. No guessable name is used, no list of what
was seen is kept, and an entry that can't be removed is noted and skipped, so the rest goes.
"""
import errno
import os
import secrets

from ansible.module_utils.orion_removal_progress import LONGEST_TOLD, Progress

MOST_PASSES = 100  # over one directory that somebody keeps filling
O_DIR = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
NOT_EMPTY = (errno.ENOTEMPTY, errno.EEXIST)
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EMLINK, errno.EXDEV)


def lstat_at(fd, name):
    try:
        return os.stat(name, dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        return None


class Removal(Progress):
    """Removes entries and trees."""

    def remove_entry(self, fd, name, is_directory, path):
        """A file, a link, or a directory with all that is in it. -> is it gone?"""
        self.step()
        try:
            if is_directory:
                return self.remove_directory(fd, name, path)
            os.unlink(name, dir_fd=fd)
            self.removed += 1
            return True
        except OSError as error:
            if error.errno not in GONE:
                self.note(path, error)
            return False

    def remove_directory(self, fd, name, path):
        # rmdir first: that is all for an empty one, and it fails with EBUSY where something is mounted, whose content
        # belongs to whoever mounted it.
        is_gone = is_removed(fd, name)
        if not is_gone:
            top = os.open(name, O_DIR, dir_fd=fd)
            try:
                self.empty(top, path)
            finally:
                os.close(top)
            is_gone = is_removed(fd, name)
        self.removed += is_gone
        if not is_gone and not self.troubles:
            self.note(path, 'something in it remains')
        return is_gone

    def empty(self, top, path):
        """Level by level: what is in the directories of one level is moved into a new directory, which is the next
        level. However deep or wide the tree is, this takes a few descriptors, and touches every entry a few times."""
        level, name = os.dup(top), None
        while level is not None:
            following = Level(top)
            try:
                self.empty_level(level, following, path)
            finally:
                os.close(level)
            if name is not None:
                is_removed(top, name)
            level, name = following.fd, following.name

    def empty_level(self, level, following, path):
        keep_to_root(level)
        for _ in range(MOST_PASSES):
            is_moving = False
            with os.scandir(level) as entries:
                for entry in entries:
                    if entry.name != following.name:
                        is_moving |= self.take(level, entry, following, path)
            # A pass may miss entries while others are removed, so it is done only when a pass finds nothing.
            if not is_moving:
                return
        self.note(path, 'somebody fills it as fast as it is emptied')

    def take(self, level, entry, following, path):
        """Removes an entry of a level; the content of a directory moves on. -> did anything change?"""
        inside = within(path, entry.name)
        if not entry.is_dir(follow_symlinks=False):
            return self.remove_entry(level, entry.name, False, inside)
        self.step()
        before = self.removed + self.moved
        try:
            if not is_removed(level, entry.name):
                self.clear(level, entry.name, following, path)
                os.rmdir(entry.name, dir_fd=level)
            self.removed += 1
        except OSError as error:
            if error.errno not in GONE + NOT_EMPTY:
                self.note(inside, error)
        return self.removed + self.moved != before

    def clear(self, level, name, following, path):
        """Removes its files, and moves its directories to the following level."""
        fd = os.open(name, O_DIR, dir_fd=level)
        try:
            keep_to_root(fd)
            for _ in range(MOST_PASSES):
                before = self.removed + self.moved
                with os.scandir(fd) as entries:
                    for entry in entries:
                        if not entry.is_dir(follow_symlinks=False):
                            self.remove_entry(fd, entry.name, False, within(path, entry.name))
                        else:
                            self.move(fd, entry.name, following, path)
                if self.removed + self.moved == before:
                    return
        finally:
            os.close(fd)

    def move(self, fd, name, following, path):
        self.step()
        while True:
            before = self.removed
            try:
                if is_removed(fd, name):
                    self.removed += 1
                else:
                    following.take_in(fd, name)
                    self.moved += 1
                return
            except OSError as error:
                if error.errno in NO_ROOM:
                    self.dig(fd, name, path)
                if self.removed == before:
                    if error.errno not in GONE:
                        self.note(within(path, name), error)
                    return

    def dig(self, fd, name, path):
        """For when nothing can be moved, since there is no room for another name: follows one branch down to its end
        and removes that, which makes room."""
        fd = os.dup(fd)
        try:
            while name is not None:
                self.step()
                below = os.open(name, O_DIR, dir_fd=fd)
                above, fd = fd, below
                try:
                    name_below = self.clear_files(below, path)
                    if name_below is None and is_removed(above, name):
                        self.removed += 1
                finally:
                    os.close(above)
                name = name_below
        except OSError as error:
            if error.errno not in GONE:
                self.note(path, error)
        finally:
            os.close(fd)

    def clear_files(self, fd, path):
        """Removes its files. -> a directory in it that is not empty, if there is one."""
        found = None
        with os.scandir(fd) as entries:
            for entry in entries:
                if not entry.is_dir(follow_symlinks=False):
                    self.remove_entry(fd, entry.name, False, within(path, entry.name))
                elif found is None and self.has_content(fd, entry.name, path):
                    found = entry.name
        return found

    def has_content(self, fd, name, path):
        try:
            if not is_removed(fd, name):
                return True
            self.removed += 1
        except OSError as error:
            if error.errno not in GONE:
                self.note(within(path, name), error)
        return False


class Level:
    """A directory below `top` that is made when it is first needed, under a name that nobody can predict."""

    def __init__(self, top):
        self.top, self.fd, self.name = top, None, None

    def take_in(self, fd, name):
        if self.fd is None:
            fresh = secret_name()
            os.mkdir(fresh, 0o700, dir_fd=self.top)
            self.name = fresh
            self.fd = os.open(fresh, O_DIR, dir_fd=self.top)
        os.rename(name, secret_name(), src_dir_fd=fd, dst_dir_fd=self.fd)


def within(path, name):
    """What is deeper has been moved, so only the place and the name are reported."""
    return '%s/.../%s' % (path[:LONGEST_TOLD // 2], name[:LONGEST_TOLD // 4])


def secret_name():
    return '.orion-' + secrets.token_hex(16)


def is_removed(fd, name):
    """Removes a directory; False when there is something in it."""
    try:
        os.rmdir(name, dir_fd=fd)
    except OSError as error:
        if error.errno not in NOT_EMPTY:
            raise
        return False
    return True


def keep_to_root(fd):
    """So that no other account of the node refills it meanwhile. Its owner stays, so that the next try finds it
    again."""
    try:
        os.fchmod(fd, 0o700)
    except OSError:
        pass  # emptied as it is
