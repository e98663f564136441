"""Looks a node over: what orion_prepare stores as the baseline is what orion_verify compares with.

Reads only. orion_account_absent does not use it, on purpose: a mistake there must not hide itself here.
"""
import glob
import hashlib
import os
import stat
import time

# Not the node's own disks, or no files at all. Everything else is walked, tmpfs too.
SKIPPED_FS = {'proc', 'sysfs', 'cgroup', 'cgroup2', 'devpts', 'securityfs', 'debugfs', 'tracefs', 'pstore', 'bpf', 'configfs',
              'efivarfs', 'binfmt_misc', 'autofs', 'rpc_pipefs', 'nfs', 'nfs4', 'cifs', 'smb3', '9p', 'ceph', 'glusterfs',
              'fusectl', 'nsfs', 'selinuxfs'}
EPHEMERAL_PORT = 32768
KEY_FILES = ('.ssh/authorized_keys', '.ssh/authorized_keys2')
WATCHED = {
    'sudoers': ('/etc/sudoers', '/etc/sudoers.d/*', '/etc/doas.conf', '/etc/doas.d/*'),
    # Whatever starts programs by itself: as root, or at every login.
    'schedules': ('/etc/crontab', '/etc/cron.*/*', '/etc/crontabs/*', '/var/spool/cron/*', '/var/spool/cron/*/*',
                  '/var/spool/at/*', '/var/spool/atjobs/*', '/etc/systemd/system/*.timer',
                  '/etc/systemd/system/*.service', '/etc/rc.local', '/etc/local.d/*', '/etc/ld.so.preload',
                  '/etc/profile.d/*', '/etc/ssh/sshrc'),
}


def lines_of(path):
    try:
        with open(path, errors='surrogateescape') as stream:
            return stream.read().splitlines()
    except OSError:
        return []


def skipped_mounts():
    """Mount points not to enter: foreign file systems, and places that are mounted twice."""
    skipped, seen = set(), set()
    for line in lines_of('/proc/self/mountinfo'):
        fields = line.split()
        kind, point = fields[fields.index('-') + 1], fields[4].encode().decode('unicode_escape')
        source = (fields[2], fields[3])
        if point != '/' and (kind in SKIPPED_FS or kind.startswith('fuse.') or source in seen):
            skipped.add(point)
        seen.add(source)
    return skipped


def walk(uid_min, uid_max, deadline):
    """One look at every file of the local disks -> (setuid, of the tenant uids, writable directories, complete)."""
    skipped, setuid, foreign, writable = skipped_mounts(), [], [], []
    stack = ['/']
    while stack:
        directory = stack.pop()
        # Through a descriptor, because a look by name alone walks the whole path each time.
        try:
            fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            with os.scandir(fd) as entries:
                for entry in entries:
                    try:
                        found = entry.stat(follow_symlinks=False)
                    except OSError:
                        continue
                    mode = found.st_mode
                    tenants = uid_min <= found.st_uid <= uid_max
                    special = mode & 0o6000 and stat.S_ISREG(mode)
                    if not (tenants or special or stat.S_ISDIR(mode)):
                        continue
                    path = directory.rstrip('/') + '/' + entry.name
                    if tenants and len(foreign) < 1000:
                        foreign.append(path)
                    if stat.S_ISDIR(mode):
                        if mode & stat.S_IWOTH and len(writable) < 5000:
                            writable.append(path)
                        if path not in skipped:
                            stack.append(path)
                    elif special:
                        setuid.append('%s %o %d:%d' % (path, stat.S_IMODE(mode), found.st_uid, found.st_gid))
        except OSError:
            pass
        finally:
            os.close(fd)
        if time.monotonic() > deadline:
            return setuid, foreign, writable, False
    return setuid, foreign, writable, True


def digest(path):
    """Name and content of a file, small enough to store. A symlink counts by where it points to."""
    try:
        if os.path.islink(path):
            return '%s -> %s' % (path, os.readlink(path))
        if not os.path.isfile(path):
            return None
        with open(path, 'rb') as stream:
            return '%s sha256:%s' % (path, hashlib.sha256(stream.read(1 << 20)).hexdigest()[:32])
    except OSError:
        return None


def accounts():
    """Names, ids and shells; of passwords only whether there is one. Other programs may change the rest freely."""
    passwords = {}
    for line in lines_of('/etc/shadow'):
        name, _, rest = line.partition(':')
        field = rest.partition(':')[0]
        passwords[name] = 'empty' if field == '' else 'none' if field[0] in '*!' else 'set'
    found = []
    for line in lines_of('/etc/passwd'):
        fields = line.split(':')
        if len(fields) == 7:
            found.append('%s uid=%s gid=%s shell=%s password=%s' % (
                fields[0], fields[2], fields[3], fields[6], passwords.get(fields[0], 'none')))
    return found


def groups():
    return ['%s gid=%s members=%s' % (f[0], f[2], f[3])
            for f in (line.split(':') for line in lines_of('/etc/group')) if len(f) == 4]


def key_files():
    homes = {line.split(':')[5] for line in lines_of('/etc/passwd') if line.count(':') == 6}
    return [d for d in (digest(os.path.join(home, name)) for home in homes if home.startswith('/') for name in KEY_FILES) if d]


def processes():
    """(pid, uids, is a zombie, name) of every process that the node can see."""
    for pid in filter(str.isdigit, os.listdir('/proc')):
        status = dict(line.split(':', 1) for line in lines_of('/proc/%s/status' % pid) if ':' in line)
        if 'Uid' in status:
            yield (int(pid), {int(u) for u in status['Uid'].split()}, status.get('State', '').strip().startswith('Z'),
                   status.get('Name', '').strip())


def listeners():
    """TCP listeners of processes of this node. The network may be shared with other nodes (containers, namespaces),
    so a socket counts only when a process that is visible here holds it. Ports that change with every start are
    told by the program's name alone; sshd's are not told at all."""
    sockets = {}
    for table in ('/proc/net/tcp', '/proc/net/tcp6'):
        for line in lines_of(table)[1:]:
            fields = line.split()
            if len(fields) > 9 and fields[3] == '0A':
                sockets[fields[9]] = int(fields[1].rsplit(':', 1)[1], 16)
    found = set()
    for pid, _, _, name in processes():
        if name.startswith('sshd'):
            continue
        for link in glob.glob('/proc/%d/fd/*' % pid):
            try:
                target = os.readlink(link)
            except OSError:
                continue
            if target.startswith('socket:[') and target[8:-1] in sockets:
                port = sockets[target[8:-1]]
                found.add('tcp %s %s' % ('ephemeral' if port >= EPHEMERAL_PORT else port, name))
    return sorted(found)


def survey(uid_min, uid_max, seconds):
    """Everything that is compared, as lists of strings, plus the walk's findings."""
    setuid, foreign, writable, complete = walk(uid_min, uid_max, time.monotonic() + seconds)
    compared = {'accounts': accounts(), 'groups': groups(), 'authorized_keys': key_files(), 'listeners': listeners(),
                'setuid': setuid}
    for kind, patterns in WATCHED.items():
        compared[kind] = sorted({d for pattern in patterns for path in glob.glob(pattern) for d in [digest(path)] if d})
    return compared, foreign, writable, complete
