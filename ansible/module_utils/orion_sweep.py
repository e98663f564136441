"""Finds what a uid owns in places that it could write to, and removes it."""
import os
import stat

from ansible.module_utils.orion_tree_removal import GONE, MOST_PASSES, O_DIR, Removal

DEEPEST = 100  # only directories of others are descended into; a tenant's own are emptied without depth


class Sweep(Removal):
    """One bounded walk that removes what belongs to `uid` from places that it could write to."""

    def __init__(self, uid, skipped, is_late=lambda: False):
        super().__init__(is_late)
        self.uid, self.skipped, self.visited = uid, skipped, set()

    def place(self, path):
        try:
            self.walk(os.open(path, O_DIR), path, 0)
        except OSError as error:
            if error.errno not in GONE:
                self.note(path, error)

    def walk(self, fd, path, depth):
        """Takes over `fd`. What is deeper in directories of others is left to the verification, which checks
        everywhere."""
        try:
            here = os.fstat(fd)
            if path in self.skipped or (here.st_dev, here.st_ino) in self.visited or depth > DEEPEST:
                return
            self.visited.add((here.st_dev, here.st_ino))
            for _ in range(MOST_PASSES):
                found = False
                with os.scandir(fd) as entries:
                    for entry in entries:
                        found |= self.look_at(fd, path, entry, depth)
                if not found:
                    return
        finally:
            os.close(fd)

    def look_at(self, fd, path, entry, depth):
        """-> was it the uid's, and removed?"""
        self.step()
        full = path.rstrip('/') + '/' + entry.name
        try:
            found = entry.stat(follow_symlinks=False)
            if found.st_uid == self.uid:
                return self.remove_entry(fd, entry.name, stat.S_ISDIR(found.st_mode), full)
            if stat.S_ISDIR(found.st_mode):
                self.walk(os.open(entry.name, O_DIR, dir_fd=fd), full, depth + 1)
        except OSError as error:
            if error.errno not in GONE:
                self.note(full, error)
        return False
