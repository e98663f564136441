"""What one tenant may take of a node: processes and memory, as the policy wants it and as the node can enforce it.

Where systemd runs, the slice of the account is limited. Elsewhere a line in the PAM stack of each service that starts
something for an account puts the session into a control group of the account; where no control group can be written
to, pam_limits counts the processes. None of this is taken on trust: a session is opened through the same stacks, and
its limits are read there.
"""
import contextlib
import os
import pwd
import stat

from ansible.module_utils.orion_cgroups import CONTROLLERS, bound, place_of, release, tenants_dir
from ansible.module_utils.orion_node import (
    GROUP, STATE_DIR, Refusal, run_account_tool, run_tool, tool, write_atomically)
from ansible.module_utils.orion_session_limits import in_child, look_from_inside, may_make_namespaces
from ansible.module_utils.orion_sshd import running_listeners

# The PAM services that start something for an account, besides what it already runs.
DOORS = ('sshd', 'cron', 'crond', 'atd')
PAM_DIR, LIMITS_D = '/etc/pam.d', '/etc/security/limits.d'
LIMITS_FILE, ENTER = LIMITS_D + '/orion.conf', STATE_DIR + '/enter-limits'
PROBE = 'orion-probe'
# Accounts of others skip the second line, so nothing that is wrong with it keeps root out. The third is there for the
# jump: PAM refuses everybody when a jump leads past the end, as it would with the second line taken out.
PAM_LINES = '''# Orion: a session of a client is put into the control group of its account.
session [success=1 default=ignore] pam_succeed_if.so quiet user notingroup orion
session required pam_exec.so quiet type=open_session /bin/sh %s
session optional pam_permit.so # Orion
''' % ENTER
ENTER_HEAD = '''# Written by Orion: puts a session of a client into the control group of its account. PAM runs it as root.
set -e
PATH=/usr/sbin:/usr/bin:/sbin:/bin
uid=$(id -u "$PAM_USER")
# A limit can't be put below what is in use already; an older one holds until then.
limit() { echo "$2" 2>/dev/null >"$1" || [ "$(cat "$1")" -lt 1000000000000000 ]; }
try() { [ ! -e "$1" ] || echo "$2" 2>/dev/null >"$1" || :; }
'''


def has_systemd():
    return os.path.isdir('/run/systemd/system') and tool('systemctl') is not None


def uses_pam():
    """True if every sshd that listens here does. A stack that is not read limits nobody."""
    asked = [run_tool([binary, '-T', '-f', config, '-C', 'user=root,host=localhost,addr=127.0.0.1'], timeout=20).stdout
             for _, config, binary in running_listeners()]
    return bool(asked) and all('usepam yes' in said.splitlines() for said in asked)


def in_container():
    """A kernel counts a uid's processes in all its containers together: one would use up another's limit."""
    if os.path.exists('/.dockerenv') or os.path.exists('/run/.containerenv'):
        return True
    with contextlib.suppress(OSError), open('/proc/1/environ', 'rb') as stream:
        return any(entry.startswith(b'container=') for entry in stream.read().split(b'\0'))
    return False


def resolve(policy):
    """The limits in numbers for this node: processes, and bytes of memory. None: no limit is wanted."""
    processes, memory = (None if policy.get(name) == 'none' else policy.get(name) for name in ('processes', 'memory'))
    if isinstance(memory, str):
        whole = bound('memory')
        total = os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')
        memory = min(total, whole or total) * int(memory.rstrip('%')) // 100 // 4096 * 4096
    return {'processes': processes, 'memory': memory}


def enter_script(wanted):
    """None where no group can be made for any wanted limit."""
    lines = []
    for name, controller in CONTROLLERS.items():
        place = tenants_dir(controller)
        if wanted[name] is None or place is None or not may_make_groups(place[2]):
            continue
        version, point, parent = place
        lines += ['mkdir -p %s' % parent]
        if version == 2:
            lines += ['echo +%s >%s/cgroup.subtree_control' % (controller, d) for d in (point, parent)]
        lines += ['group=%s/$uid' % parent, 'mkdir -p $group']
        swap = {'pids': None, 'memory': ('memory.swap.max', '0') if version == 2 else
                ('memory.memsw.limit_in_bytes', str(wanted[name]))}[controller]
        file = 'pids.max' if controller == 'pids' else 'memory.max' if version == 2 else 'memory.limit_in_bytes'
        set_swap = ['try $group/%s %s' % swap] if swap else []
        lines += set_swap + ['limit $group/%s %d' % (file, wanted[name])] + set_swap + ['echo $PPID >$group/cgroup.procs']
    return ENTER_HEAD + '\n'.join(lines) + '\n' if lines else None


def may_make_groups(parent):
    try:
        os.makedirs(parent, exist_ok=True)
        return True
    except OSError:
        return False


def content_of(path):
    try:
        with open(path) as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def ensure_content(path, content, check_mode, mode=0o644):
    """`content` None: the file must not be there. -> changed"""
    found = content_of(path)
    if found == content:
        return False
    if check_mode:
        return True
    if content is None:
        os.unlink(path)
    else:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            mode = stat.S_IMODE(os.stat(path).st_mode)
        write_atomically(path, content, mode)
    return True


def doors():
    return [name for name in DOORS if os.path.isfile(os.path.join(PAM_DIR, name))]


def ensure_groups(wanted, check_mode):
    """Writes the script before the lines that run it, and removes the lines before it, so that no session runs a line
    without its script."""
    script = None if has_systemd() or not uses_pam() else enter_script(wanted)
    changed = script is not None and ensure_content(ENTER, script, check_mode, 0o600)
    for path in (os.path.join(PAM_DIR, name) for name in doors()):
        own = PAM_LINES.splitlines()
        rest = ''.join(line + '\n' for line in content_of(path).splitlines() if line not in own)
        changed = ensure_content(path, rest if script is None else rest + PAM_LINES, check_mode) or changed
    return (script is None and ensure_content(ENTER, None, check_mode)) or changed


def limit_slice(uid, wanted):
    """systemd puts whatever logs in with an account into the slice of its uid; kept on the disk, for after a reboot."""
    properties = (['TasksMax=%d' % wanted['processes']] if wanted['processes'] is not None else []) + (
        ['MemoryMax=%d' % wanted['memory'], 'MemorySwapMax=0'] if wanted['memory'] is not None else [])
    if has_systemd() and properties:
        run_tool([tool('systemctl'), 'set-property', 'user-%d.slice' % uid] + properties, timeout=20)


def measure(account, wanted):
    """-> for each limit: does it hold (None: not wanted), and why, in words."""
    report = {}
    own = {controller: place_of(controller) for controller in CONTROLLERS.values()}
    seen = {} if not uses_pam() else {
        name: in_child(lambda name=name: look_from_inside(name, account, own)) for name in doors()}
    for name in CONTROLLERS:
        report[name] = judge(name, wanted[name], seen)
    closed = not may_make_namespaces(pwd.getpwnam(account).pw_uid)
    report['userNamespaces'] = {'holds': closed, 'message': 'a client can make none' if closed else 'a client can make them'}
    return report


def judge(name, limit, seen):
    if limit is None:
        return {'holds': None, 'message': 'the policy sets no limit'}
    if 'sshd' not in seen:
        return {'holds': False, 'message': 'sshd runs without PAM, so nothing can be set at login'}
    for door, found in seen.items():
        if 'trouble' in found:
            return {'holds': False, 'message': 'a session through %s could not be inspected: %s' % (door, found['trouble'])}
        if found[CONTROLLERS[name]] is None or found[CONTROLLERS[name]] > limit:
            return {'holds': False, 'message': 'sessions through %s are not limited: no control group, slice or pam_limits '
                    'of this node bounds it' % door}
    most = min(found[CONTROLLERS[name]] for found in seen.values())
    return {'holds': True, 'message': 'at most %d %s, measured in a session' % (
        most, 'processes and threads' if name == 'processes' else 'bytes')}


def ensure_limits(policy, account, check_mode):
    """-> (changed, report). Refuses where a limit that the policy requires does not hold for the account."""
    wanted = resolve(policy)
    changed = ensure_groups(wanted, check_mode)
    if wanted['processes'] is None:
        changed = ensure_content(LIMITS_FILE, None, check_mode) or changed
    if check_mode:
        return changed, {}
    limit_slice(pwd.getpwnam(account).pw_uid, wanted)
    report = measure(account, wanted)
    if report['processes']['holds'] is False and not in_container() and os.path.isdir(LIMITS_D):
        changed = ensure_content(LIMITS_FILE, ''.join(
            '@%s %s nproc %d\n' % (GROUP, kind, wanted['processes']) for kind in ('soft', 'hard')), False) or changed
        report = measure(account, wanted)
    lacking = ['%s: %s' % (name, report[name]['message']) for name in policy.get('required', []) if not report[name]['holds']]
    if lacking:
        raise Refusal('LimitNotHeld', 'the policy requires limits that the node does not enforce: %s' % '; '.join(lacking))
    return changed, {'limits': report}


def try_limits(policy, check_mode):
    """Finds out what would hold for an account of the group, with an account that nobody can log in with."""
    if check_mode:
        return ensure_limits(policy, 'root', True)
    remove_probe()
    if tool('useradd'):
        run_account_tool([tool('useradd'), '--system', '-M', '-N', '-g', GROUP, '-d', '/', '-s', '/bin/false', '-p', '*', PROBE])
    else:
        run_account_tool([tool('adduser') or 'adduser', '-S', '-D', '-H', '-h', '/', '-s', '/bin/false', '-G', GROUP, PROBE])
    uid = pwd.getpwnam(PROBE).pw_uid
    try:
        return ensure_limits(policy, PROBE, False)
    finally:
        remove_probe()
        release(uid)


def remove_probe():
    with contextlib.suppress(KeyError):
        pwd.getpwnam(PROBE)
        if has_systemd() and tool('loginctl'):
            run_tool([tool('loginctl'), 'terminate-user', PROBE], timeout=20)
        # What systemd started for the session may take a moment to end, and is no reason to keep the account.
        run_account_tool([tool('userdel'), '-f', PROBE] if tool('userdel') else [tool('deluser') or 'deluser', PROBE])
