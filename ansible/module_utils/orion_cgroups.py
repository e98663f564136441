"""Control groups of the node, of either version: where a process is, what bounds it there, and those of clients."""
import contextlib
import os
import shutil
import signal
import time

from ansible.module_utils.orion_node import UID_MAX, UID_MIN, Refusal, run_tool, tool

CONTROLLERS = {'processes': 'pids', 'memory': 'memory'}
SLICE_DIR = '/etc/systemd/system.control'
EMPTY_SECONDS = 10

# Larger than any memory: version 1 has such a number for "no limit".
UNLIMITED = 1 << 60
LIMIT_FILES = {('pids', 1): 'pids.max', ('pids', 2): 'pids.max',
               ('memory', 1): 'memory.limit_in_bytes', ('memory', 2): 'memory.max'}


def read(path):
    with open(path) as stream:
        return stream.read().strip()


def hierarchies():
    """(version, controllers, root, mount point) of each mounted hierarchy."""
    found = []
    with open('/proc/self/mountinfo', errors='replace') as stream:
        for line in stream:
            fields = line.split()
            kind = fields[fields.index('-') + 1]
            if kind == 'cgroup':
                found.append((1, set(fields[-1].split(',')), fields[3], fields[4]))
            elif kind == 'cgroup2':
                try:
                    found.append((2, set(read(fields[4] + '/cgroup.controllers').split()), fields[3], fields[4]))
                except OSError:
                    pass
    return found


def top_of(controller):
    """(version, mount point) of the hierarchy that has the controller; None where there is none."""
    for version, controllers, _, point in hierarchies():
        if controller in controllers:
            return version, point
    return None


def place_of(controller, pid='self'):
    """The directory of the group that the process is in; None where that can't be seen."""
    for version, controllers, root, point in hierarchies():
        if controller not in controllers:
            continue
        with open('/proc/%s/cgroup' % pid) as stream:
            for line in stream:
                _, names, path = line.rstrip('\n').split(':', 2)
                if (version == 2 and names == '') or (version == 1 and controller in names.split(',')):
                    return os.path.normpath(os.path.join(point, os.path.relpath(path, root)))
    return None


def limit_of(controller, directory):
    """The limit of this group alone; None: it has none."""
    for version in (1, 2):
        try:
            said = read(os.path.join(directory, LIMIT_FILES[controller, version]))
        except OSError:
            continue
        return None if not said.isdigit() or int(said) >= UNLIMITED else int(said)
    return None


def bound(controller, below=None):
    """The lowest limit of the groups that this process is in, without those that also contain the group `below`."""
    directory, limits = place_of(controller), []
    while directory not in (None, '/'):
        if below is not None and os.path.commonpath([below, directory]) == directory:
            break
        limits.append(limit_of(controller, directory))
        directory = os.path.dirname(directory)
    return min((limit for limit in limits if limit is not None), default=None)


def join(pid):
    """Moves this process into the groups of `pid`, where its sessions begin."""
    for version, controllers, _, point in hierarchies():
        name = sorted(controllers - {'rw', 'ro', 'xattr', 'clone_children'})[:1] if version == 1 else sorted(controllers)[:1]
        place = place_of(name[0], pid) if name else None
        try:
            if place:
                with open(place + '/cgroup.procs', 'w') as stream:
                    stream.write(str(os.getpid()))
        except OSError:
            continue


def tenants_dir(controller):
    top = top_of(controller)
    return None if top is None else (top[0], top[1], top[1] + '/orion')


def groups_of(uid):
    return sorted({'%s/%d' % (place[2], uid) for place in map(tenants_dir, CONTROLLERS.values()) if place})


def release(uid):
    """Ends what is left in the groups of the uid, whichever uid it has now, and removes them and the slice's limits."""
    removed, give_up_at = 0, time.monotonic() + EMPTY_SECONDS
    for group in filter(os.path.isdir, groups_of(uid)):
        while os.path.isdir(group):
            with contextlib.suppress(OSError, ValueError):
                for pid in read(group + '/cgroup.procs').split():
                    os.kill(int(pid), signal.SIGKILL)
            try:
                os.rmdir(group)
                removed += 1
            except OSError as error:
                if time.monotonic() > give_up_at:
                    raise Refusal('PlaybookFailed', 'the control group %s does not end: %s' % (group, error.strerror))
                time.sleep(0.02)
    directory = '%s/user-%d.slice.d' % (SLICE_DIR, uid)
    if os.path.isdir(directory):
        shutil.rmtree(directory)
        run_tool([tool('systemctl') or 'systemctl', 'daemon-reload'], timeout=20)
        removed += 1
    return removed


def leftovers():
    """Groups and limits of accounts that are gone."""
    found = ['%s/%s' % (place[2], name) for place in map(tenants_dir, CONTROLLERS.values())
             if place and os.path.isdir(place[2]) for name in os.listdir(place[2]) if name.isdigit()]
    found += [SLICE_DIR + '/' + name for name in (os.listdir(SLICE_DIR) if os.path.isdir(SLICE_DIR) else [])
              if name.startswith('user-') and name.endswith('.slice.d')]
    numbers = {path: ''.join(filter(str.isdigit, os.path.basename(path))) for path in set(found)}
    return sorted('limits of no account: %s' % path for path, digits in numbers.items()
                  if digits and UID_MIN <= int(digits) <= UID_MAX)
