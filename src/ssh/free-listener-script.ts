/**
 * Runs as root on a node whose sshd turns new clients away, in Python, which every node has for Ansible. Only
 * connections that have not logged in count against MaxStartups, so only those are checked. The account that
 * holds the most of them, at least half, is shut out, and everything that it runs is ended. Its own sockets
 * identify it. They count only where a process of this machine holds them, because machines that share a network
 * see each other's. Whatever still waits for a login after GRACE seconds is closed, whoever holds it. The next
 * repair of the account restores its key file.
 *
 * Once it had to act, it stays until an hour has passed without any need to: an account that fills the listener
 * while the control plane has no session there, as after a restart, must not shut it out. While it stays, it
 * outlives its channel.
 */
export const FREE_LISTENER_SCRIPT = `
import fcntl, os, re, signal, time
FIRST_UID, LAST_UID, GRACE, FEW, END_SECONDS = 20000, 59999, 3, 10, 5
LOOK_SECONDS, STAY_SECONDS, STUCK_SECONDS = 2, 3600, 60
KEY_DIR, STATE_DIR = '/etc/ssh/orion/', '/var/lib/orion'

def read(path, most=4096):
    try:
        with open(path, 'rb') as stream:
            return stream.read(most).decode('latin1')
    except OSError:
        return ''

def process(pid):
    stat, status = read('/proc/%d/stat' % pid), read('/proc/%d/status' % pid)
    fields, uids = stat[stat.rfind(')') + 2:].split(), re.search(r'^Uid:\\s+(.*)$', status, re.M)
    if len(fields) < 20 or uids is None or fields[0] in 'ZX':
        return None
    return {'pid': pid, 'parent': int(fields[1]), 'start': fields[19], 'uids': set(map(int, uids.group(1).split()))}

def processes():
    return [found for found in map(process, map(int, filter(str.isdigit, os.listdir('/proc')))) if found]

def sshd_title(found):
    """None unless it is sshd's own: any account can give its process any name, and run the binary as itself."""
    try:
        name = os.path.basename(os.readlink('/proc/%d/exe' % found['pid']))
    except OSError:
        return None
    if not name.startswith('sshd') or any(FIRST_UID <= uid <= LAST_UID for uid in found['uids']):
        return None
    return read('/proc/%d/cmdline' % found['pid']).replace('\\0', ' ').strip()

def sockets(pid):
    found = set()
    try:
        for name in os.listdir('/proc/%d/fd' % pid):
            try:
                link = os.readlink('/proc/%d/fd/%s' % (pid, name))
            except OSError:
                continue
            if link.startswith('socket:['):
                found.add(link[8:-1])
    except OSError:
        pass
    return found

def plain(address):
    return address[24:] if address.startswith('0000000000000000FFFF0000') else address

def connections():
    """(here, there, uid, inode) of each that stands."""
    for table in ('/proc/net/tcp', '/proc/net/tcp6'):
        try:
            with open(table) as stream:
                next(stream)
                for line in stream:
                    fields = line.split()
                    if len(fields) > 9 and fields[3] == '01':
                        yield plain(fields[1]), plain(fields[2]), int(fields[7]), fields[9]
        except (OSError, StopIteration):
            pass

def is_full(title, waiting):
    """sshd's title tells it from version 8.2 on: "[listener] 97 of 10-100 startups"."""
    said = re.search(r'\\[listener\\] (\\d+) of (\\d+)-', title)
    return int(said.group(1)) >= int(said.group(2)) if said else waiting >= FEW

def holders(waiting, everybody):
    """How many of the waiting connections each account holds."""
    accepted = set().union(*(sockets(each['pid']) for each in waiting))
    pairs, own = set(), []
    for here, there, uid, inode in connections():
        if inode in accepted:
            pairs.add((there, here))
        elif FIRST_UID <= uid <= LAST_UID:
            own.append((here, there, uid, inode))
    owner = {inode: uid for here, there, uid, inode in own if (here, there) in pairs}
    held = set()
    for each in everybody:
        if any(FIRST_UID <= uid <= LAST_UID for uid in each['uids']):
            held |= sockets(each['pid']) & set(owner)
    counts = {}
    for inode in held:
        counts[owner[inode]] = counts.get(owner[inode], 0) + 1
    return counts

def shut_out(uid):
    for line in read('/etc/passwd', 4 << 20).split('\\n'):
        fields = line.split(':')
        if len(fields) == 7 and fields[2] == str(uid) and re.match(r'r[a-z0-9]{7,15}\\Z', fields[0]):
            try:
                os.unlink(KEY_DIR + fields[0])
            except OSError:
                pass

def end_everything(uid):
    give_up_at = time.monotonic() + END_SECONDS
    while time.monotonic() < give_up_at:
        found = [each['pid'] for each in processes() if uid in each['uids']]
        if not found:
            return
        child = os.fork()
        if child == 0:
            try:  # as the uid itself, in one go, so that nothing outruns it
                os.setresuid(uid, uid, uid)
                os.kill(-1, signal.SIGKILL)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        for pid in found:
            end(pid)
        time.sleep(0.01)

def end(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass

def close_old(waiting, children):
    uptime, ticks, closed = float(read('/proc/uptime').split()[0]), os.sysconf('SC_CLK_TCK'), 0
    for each in waiting:
        now = process(each['pid'])
        if now and now['start'] == each['start'] and uptime - int(now['start']) / ticks >= GRACE:
            end(now['pid'])
            for pid in children.get(now['pid'], []):
                end(pid)
            closed += 1
    return closed

def free():
    """The listeners that were found, and what was done; None: nothing, for none of them is full."""
    everybody = processes()
    titles = {each['pid']: (each, title) for each in everybody for title in [sshd_title(each)] if title is not None}
    listeners = [pid for pid, (each, title) in titles.items() if '[listener]' in title and each['uids'] == {0}]
    children = {}
    for each, title in titles.values():
        if '[net]' in title:
            children.setdefault(each['parent'], []).append(each['pid'])
    waiting = []
    for listener in listeners:
        own = [each for each, name in titles.values() if each['parent'] == listener and (
            '[accepted]' in name or name.endswith(' -R') or each['pid'] in children)]
        if is_full(titles[listener][1], len(own)):
            waiting += own
    if not waiting:
        return listeners, None
    uid, held = max(holders(waiting, everybody).items(), key=lambda each: each[1], default=(0, 0))
    if held * 2 < len(waiting):
        uid, held = 0, 0
    if uid:
        shut_out(uid)
        end_everything(uid)
    closed = close_old(waiting, children)
    return listeners, 'orion-listener waiting=%d closed=%d uid=%d held=%d' % (len(waiting), closed, uid, held)

def may_be_full(listeners):
    """By their titles alone, which costs next to nothing; one that has ended may have a successor."""
    titles = [read('/proc/%d/cmdline' % pid) for pid in listeners]
    return not titles or any('[listener]' not in title or is_full(title, FEW) for title in titles)

def stay(listeners):
    lock = os.open(STATE_DIR, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)  # which only root can open
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # one of them is enough
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    leave_at = time.monotonic() + STAY_SECONDS
    while time.monotonic() < leave_at:
        signal.alarm(STUCK_SECONDS)
        time.sleep(LOOK_SECONDS)
        if may_be_full(listeners):
            listeners, done = free()
            if done:
                leave_at = time.monotonic() + STAY_SECONDS
                say(done)

def say(text):
    try:
        os.write(1, (text + '\\n').encode())
    except OSError:
        pass  # nobody listens any more

signal.alarm(STUCK_SECONDS)
found, done = free()
say(done or 'orion-listener is not full')
if done:
    try:
        stay(found)
    except OSError:
        pass
`;
