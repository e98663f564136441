"""What every Orion module does before and after its own work: lock the node, compare the fence, name failures.

Killing ansible-playbook does not stop a module that already runs here, so a late run and its successor can meet
on the node. The lock serializes them; the fence number (larger with every order of the controller) refuses
the one that is out of date. Both live in /var/lib/orion, which survives a reboot.
"""
import contextlib
import errno
import fcntl
import json
import os
import re
import subprocess
import time

from ansible.module_utils.orion_fleet import read_mark, why_foreign

STATE_DIR = '/var/lib/orion'
STATE_FILE = STATE_DIR + '/state.json'
LOCK_FILE = STATE_DIR + '/lock'
BASELINE_FILE = STATE_DIR + '/baseline.json'
BALLAST_FILE = STATE_DIR + '/ballast'
BALLAST_BYTES = 512 * 1024
KEY_DIR = '/etc/ssh/orion'
GROUP = 'orion'
UID_MIN, UID_MAX = 20000, 59999
LOCK_WAIT_S = 60
TOOL_PATH = '/usr/sbin:/usr/bin:/sbin:/bin'

# \Z, not $: `$` would let a trailing newline through.
ACCOUNT = re.compile(r'^r[a-z0-9]{7,15}\Z')
PUBLIC_KEY = re.compile(
    r'^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)'
    r'|sk-ssh-ed25519@openssh\.com|sk-ecdsa-sha2-nistp256@openssh\.com) [A-Za-z0-9+/]{16,16000}={0,2}\Z')


class Refusal(Exception):
    """The order is not carried out; `reason` is one of Orion's closed list (src/core/failure/reason.ts)."""

    def __init__(self, reason, message):
        super().__init__(message)
        self.reason = reason


def check_account(account):
    if not ACCOUNT.match(account):
        raise Refusal('PlaybookFailed', 'the account name is not one that Orion generates')


def check_uid(uid):
    if not UID_MIN <= uid <= UID_MAX:
        raise Refusal('PlaybookFailed', 'the uid is not between %d and %d' % (UID_MIN, UID_MAX))


def check_public_key(key):
    # The key itself is not repeated in the message: it may be anything, and messages are stored.
    if not PUBLIC_KEY.match(key):
        raise Refusal('PlaybookFailed', 'the public key is not exactly "type base64" of a known type')


def write_atomically(path, content, mode=0o600):
    """Old or new content after a crash, never half of it; a full disk fails before the old file is touched."""
    temporary = '%s.%d.new' % (path, os.getpid())
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
    try:
        with os.fdopen(fd, 'w') as stream:
            stream.write(content)
            stream.flush()
            os.fchmod(stream.fileno(), mode)
            os.fsync(stream.fileno())
        os.rename(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    directory = os.open(os.path.dirname(path), os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


class State:
    """The node's own memory. `uid_owner` is the account that got the highest uid, until it is deleted: so a run
    that was interrupted between storing the uid and making the account can be repeated."""

    def __init__(self, check_mode):
        self.check_mode = check_mode
        self.fence_seen, self.uid_seen, self.uid_owner = 0, 0, None
        self.fleet, self.fence_stamp = None, None
        try:
            with open(STATE_FILE) as stream:
                stored = json.load(stream)
            self.fence_seen, self.uid_seen = int(stored['fence_seen']), int(stored['uid_seen'])
            self.uid_owner = stored.get('uid_owner')
            self.fleet, self.fence_stamp = read_mark(stored)
        except FileNotFoundError:
            pass
        except (ValueError, KeyError, TypeError) as error:
            # Fail closed: guessing zero would let an outdated order through.
            raise Refusal('PlaybookFailed', '%s is unreadable (%s); it must be repaired by hand'
                          % (STATE_FILE, type(error).__name__))

    def store(self, fence_seen=None, uid_seen=None, uid_owner=None):
        """Remembers a new fence number, or a new uid together with its owner; on the disk first, then here."""
        fence = self.fence_seen if fence_seen is None else fence_seen
        uid, owner = (self.uid_seen, self.uid_owner) if uid_seen is None else (uid_seen, uid_owner)
        if not self.check_mode:
            self._write(json.dumps({'fence_seen': fence, 'uid_seen': uid, 'uid_owner': owner, 'fleet': self.fleet,
                                    'fence_stamp': self.fence_stamp}))
        self.fence_seen, self.uid_seen, self.uid_owner = fence, uid, owner

    def _write(self, text):
        try:
            write_atomically(STATE_FILE, text)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT) or not os.path.exists(BALLAST_FILE):
                raise
            os.unlink(BALLAST_FILE)
            write_atomically(STATE_FILE, text)

    def raise_fence(self, fence, order):
        foreign = why_foreign(self.fleet, order)
        if foreign:
            raise Refusal('OtherFleet', foreign)
        if fence < 1:
            raise Refusal('PlaybookFailed', 'the fence number must be positive')
        fleet = order.get('id') or self.fleet
        # The numbers of the fleet that the node was taken from mean nothing in this one.
        seen = self.fence_seen if self.fleet in (None, fleet) else 0
        if fence < seen:
            raise Refusal('FenceTooLow', 'the order has fence number %d, the node has seen %d' % (fence, seen))
        stamp = order.get('stamp') or (self.fence_stamp if fence == seen else None)
        if (fence, fleet, stamp) != (self.fence_seen, self.fleet, self.fence_stamp):
            self.fleet, self.fence_stamp = fleet, stamp
            self.store(fence_seen=fence)

    def leave_fleet(self):
        """The node is free for any fleet. Its numbers stay, so that a late order of this one is refused."""
        self.fleet = None
        self.store()


def keep_ballast():
    """Disk space to give up when a tenant has filled the disk: the order that removes them must be able to start."""
    with contextlib.suppress(OSError):
        if not os.path.exists(BALLAST_FILE):
            write_atomically(BALLAST_FILE, 'x' * BALLAST_BYTES)


@contextlib.contextmanager
def node_lock(check_mode):
    """One Orion order at a time. flock goes with the process, so a killed module leaves no stale lock."""
    if check_mode and not os.path.exists(LOCK_FILE):
        yield
        return
    os.makedirs(STATE_DIR, mode=0o700, exist_ok=True)
    fd = os.open(LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        give_up_at = time.monotonic() + LOCK_WAIT_S
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > give_up_at:
                    raise Refusal('AccountLockHeld', 'OrionLockHeld: another Orion order still runs on the node '
                                                     'after %d s' % LOCK_WAIT_S)
                time.sleep(0.05)
        yield
    finally:
        os.close(fd)


def tool(name):
    for directory in TOOL_PATH.split(':'):
        path = os.path.join(directory, name)
        if os.access(path, os.X_OK):
            return path
    return None


def run_tool(arguments, stdin=None, timeout=50):
    """An argument list, never a shell; a clean environment, so that messages are in English."""
    try:
        return subprocess.run(
            arguments, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout, text=True,
            errors='replace', env={'PATH': TOOL_PATH, 'LC_ALL': 'C'}, check=False,
            **({} if stdin is not None else {'stdin': subprocess.DEVNULL}))
    except subprocess.TimeoutExpired:
        raise Refusal('PlaybookFailed', '%s did not end within %d s' % (os.path.basename(arguments[0]), timeout))


def run_account_tool(arguments, stdin=None, accept=(0,)):
    """useradd and friends report 'cannot lock' and 'cannot write' with their own codes: find out which it is."""
    done = run_tool(arguments, stdin)
    if done.returncode in accept:
        return done
    name, said = os.path.basename(arguments[0]), ' '.join(done.stdout.split())[:200]
    if 'lock' in said and ('try again' in said or 'existing lock' in said or 'cannot lock' in said):
        raise Refusal('AccountLockHeld', '%s: %s' % (name, said))
    probe = '/etc/.orion-probe'
    write_atomically(probe, 'x' * 8192)  # a full or read-only /etc raises OSError here, with its errno
    os.unlink(probe)
    raise Refusal('PlaybookFailed', '%s failed with code %d: %s' % (name, done.returncode, said))


def reason_of(error):
    if isinstance(error, Refusal):
        return error.reason
    return {errno.ENOSPC: 'DiskFull', errno.EDQUOT: 'DiskFull', errno.EROFS: 'ReadOnlyFilesystem',
            errno.EPERM: 'PrivilegeRefused'}.get(error.errno, 'PlaybookFailed')


def carry_out(module, work):
    """Runs `work(state)` -> (changed, extra) under the lock and the fence, and ends the module with its answer."""
    state = None

    def seen():
        return {name: getattr(state, name, None) for name in ('fence_seen', 'uid_seen', 'fence_stamp', 'fleet')}

    def fail(reason, message):
        module.fail_json(msg=message, orion_reason=reason, orion=dict(seen(), reason=reason))

    try:
        if os.geteuid() != 0:
            raise Refusal('PrivilegeRefused', 'the control account is not root on the node')
        os.umask(0o022)
        with node_lock(module.check_mode):
            state = State(module.check_mode)
            state.raise_fence(module.params['fence'], module.params['fleet'] or {})
            changed, extra = work(state)
        answer = dict(seen(), changed=changed, **extra)
    except Refusal as refusal:
        fail(refusal.reason, str(refusal))
    except OSError as error:
        fail(reason_of(error), '%s: %s' % (error.filename or 'system call', error.strerror))
    except Exception as error:  # noqa: BLE001 - a bug here is to be an answer too, not a traceback that nobody can read
        fail('PlaybookFailed', '%s: %s' % (type(error).__name__, error))
    module.exit_json(changed=changed, orion=answer)
