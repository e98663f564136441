"""Surveys a node: orion_prepare stores the result as the baseline, and orion_verify compares with it.

Reads only. orion_remove_account does not use it, on purpose: a mistake there must not hide itself here.
"""
import errno
import glob
import hashlib
import os
import platform
import re
import stat
import time

# Not the node's own disks, or not files at all. Everything else is walked, tmpfs too.
SKIPPED_FS = {'proc', 'sysfs', 'cgroup', 'cgroup2', 'devpts', 'securityfs', 'debugfs', 'tracefs', 'pstore', 'bpf', 'configfs',
              'efivarfs', 'binfmt_misc', 'autofs', 'rpc_pipefs', 'nfs', 'nfs4', 'cifs', 'smb3', '9p', 'ceph', 'glusterfs',
              'fusectl', 'nsfs', 'selinuxfs'}
EPHEMERAL_PORT = 32768
MOST_KEPT = 5000
KEY_FILES = ('.ssh/authorized_keys', '.ssh/authorized_keys2')
WATCHED = {
    'sudoers': ('/etc/sudoers', '/etc/sudoers.d/*', '/etc/doas.conf', '/etc/doas.d/*'),
    # Whatever starts programs by itself: as root, or at every login.
    'schedules': ('/etc/crontab', '/etc/cron.*/*', '/etc/crontabs/*', '/var/spool/cron/*', '/var/spool/cron/*/*',
                  '/var/spool/at/*', '/var/spool/atjobs/*', '/etc/systemd/system/*.timer',
                  '/etc/systemd/system/*.service', '/etc/systemd/user/*.timer', '/etc/systemd/user/*.service',
                  '/var/lib/systemd/linger/*', '/etc/anacrontab', '/etc/init.d/*', '/etc/rc.local', '/etc/local.d/*', '/etc/ld.so.preload',
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


class Walk:
    """One pass over every file of the local disks. What could not be read is reported, too: it may hide anything."""

    def __init__(self, uid_min, uid_max, deadline):
        self.uids, self.deadline, self.complete = range(uid_min, uid_max + 1), deadline, True
        self.setuid, self.foreign, self.writable, self.unread = [], [], [], []
        self.keys, self.sudoers = [], []
        skipped, stack = skipped_mounts(), ['/']
        while stack and self.complete:
            directory = stack.pop()
            stack += [path for path in self.look_into(directory) if path not in skipped]
            self.complete = time.monotonic() <= self.deadline

    def look_into(self, directory):
        """-> the directories in it. Through a descriptor, because a lookup by name walks the whole path each time."""
        below = []
        try:
            fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError as error:
            self.tell_unread(directory, error)
            return below
        try:
            with os.scandir(fd) as entries:
                for entry in entries:
                    path = directory.rstrip('/') + '/' + entry.name
                    try:
                        self.look_at(path, entry, below)
                    except OSError as error:
                        self.tell_unread(path, error)
        except OSError as error:
            self.tell_unread(directory, error)
        finally:
            os.close(fd)
        return below

    def look_at(self, path, entry, below):
        found = entry.stat(follow_symlinks=False)
        mode = found.st_mode
        if found.st_uid in self.uids and len(self.foreign) < MOST_KEPT:
            self.foreign.append(path)
        if stat.S_ISDIR(mode):
            if mode & stat.S_IWOTH and len(self.writable) < MOST_KEPT:
                self.writable.append(path)
            below.append(path)
            return
        if mode & 0o6000 and stat.S_ISREG(mode):
            self.setuid.append('%s %o %d:%d' % (path, stat.S_IMODE(mode), found.st_uid, found.st_gid))
        # Wherever they are: one more line of a configuration makes them count.
        if entry.name.startswith('authorized_keys') and len(self.keys) < MOST_KEPT:
            self.keys.append(path)
        if (entry.name == 'sudoers' or '/sudoers.d/' in path) and len(self.sudoers) < MOST_KEPT:
            self.sudoers.append(path)

    def tell_unread(self, path, error):
        """Notes what could not be read, such as a path too long for the kernel, unless it went away meanwhile."""
        if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP) and len(self.unread) < MOST_KEPT:
            self.unread.append('%s: %s' % (path[:120], error.strerror))


def digest(path, guarded=False):
    """Name and content of a file, small enough to store. A symlink counts by its target. With `guarded`, owner and mode
    are included where others than root could change the file, or it runs with another's rights."""
    try:
        if os.path.islink(path):
            return '%s -> %s' % (path, os.readlink(path))
        if not os.path.isfile(path):
            return None
        with open(path, 'rb') as stream:
            found = os.fstat(stream.fileno())
            open_to = found.st_mode & 0o6022 or (found.st_uid != 0 and path.startswith('/etc/'))
            unusual = ' mode=%o owner=%d:%d' % (stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid)
            return '%s sha256:%s%s' % (path, hashlib.sha256(stream.read(1 << 20)).hexdigest()[:32],
                                       unusual if guarded and open_to else '')
    except FileNotFoundError:
        return None
    except OSError as error:
        return '%s unreadable: %s' % (path, error.strerror)


def digests(paths, guarded=False):
    return sorted({d for d in (digest(path, guarded) for path in paths) if d})


def path_of(entry):
    """The path in an entry that `digest` made with a content; None for any other entry."""
    path, mark, _ = entry.rpartition(' sha256:')
    return path if mark else None


def accounts():
    """Names, ids and shells; for passwords only whether there is one. Other programs may change the rest freely."""
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
    return [os.path.join(home, name) for home in homes if home.startswith('/') for name in KEY_FILES]


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
    listed by the program's name alone; sshd's are not listed at all."""
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


def login_records(uid_min, uid_max):
    """Records of logins of accounts that are not there: by name in what last(1) and who(1) read, by number in what
    lastlog(8) reads. Layouts of glibc."""
    wide = platform.machine() in ('aarch64', 'loongarch64', 'alpha')
    present = {line.partition(':')[0] for line in lines_of('/etc/passwd')}
    uids = {line.split(':')[2] for line in lines_of('/etc/passwd') if line.count(':') == 6}
    found = set()
    for path in ('/run/utmp', *glob.glob('/var/log/wtmp*'), *glob.glob('/var/log/btmp*')):
        for _, record in records(path, 400 if wide else 384, 0, 1 << 40):
            name = record[44:76].split(b'\0')[0].decode(errors='replace')
            if re.match(r'r[a-z0-9]{8}\Z', name) and name not in present:
                found.add('%s of %s' % (path, name))
    for uid, record in records('/var/log/lastlog', 296 if wide else 292, uid_min, uid_max + 1):
        if record.strip(b'\0') and str(uid) not in uids:
            found.add('/var/log/lastlog of uid %d' % uid)
    return sorted(found)[:MOST_KEPT]


def records(path, size, first, end):
    try:
        with open(path, 'rb') as stream:
            stream.seek(first * size)
            for number in range(first, end):
                record = stream.read(size)
                if len(record) < size:
                    return
                yield number, record
    except OSError:
        return


def survey(uid_min, uid_max, seconds):
    """-> (everything that is compared with the baseline, as lists of strings; the walk)."""
    walk = Walk(uid_min, uid_max, time.monotonic() + seconds)
    compared = {'accounts': accounts(), 'groups': groups(), 'listeners': listeners(), 'setuid': walk.setuid,
                'unread': walk.unread, 'authorized_keys': digests(key_files() + walk.keys),
                'logins': login_records(uid_min, uid_max)}
    for kind, patterns in WATCHED.items():
        paths = [path for pattern in patterns for path in glob.glob(pattern)]
        compared[kind] = digests(paths + (walk.sudoers if kind == 'sudoers' else []), guarded=True)
    return compared, walk
