#!/usr/bin/python
"""Makes a machine ready to be lent."""
from __future__ import annotations

DOCUMENTATION = r'''
module: orion_prepare
short_description: Makes a machine ready to be lent
description:
  - Makes the system group C(orion) and C(/etc/ssh/orion), and an sshd drop-in by which members of the group log in with
    the root-owned key files in there and with nothing else.
  - The configuration is tested before sshd reads it, and put back when the test fails. sshd is reloaded only on a change.
  - Takes the baseline that M(orion_verify) compares with, unless a tenant's account is there (what they left would
    become normal) or O(keep_baseline) is set.
  - With O(limits), finds out what of them the node holds, with an account that nobody can log in with and that is gone
    again at the end; told in C(orion.limits). What is required and does not hold is refused (C(LimitNotHeld)).
options:
  fence: {description: Number of the order; lower than one seen before is refused., type: int, required: true}
  fleet: {description: 'C(id) of the fleet that the order is of, C(stamp) of its number, and C(adopt), the fleet that the node may be taken from; without an id, as by hand, the node is not asked whose it is.', type: dict}
  keep_baseline: {description: Only repair the rest, where there is a baseline; what is on the node now does not become normal., type: bool, default: false}
  limits: {description: What a client may take of the node as C(policy.limits) has it; without it nothing is changed about that., type: dict}
attributes:
  check_mode: {support: full}
'''

import contextlib
import glob
import grp
import json
import os
import signal
import stat
import time

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.orion_limits import try_limits
from ansible.module_utils.orion_node import (
    BASELINE_FILE, GROUP, KEY_DIR, UID_MAX, UID_MIN, Refusal, carry_out, keep_ballast, run_account_tool, run_tool, tool,
    write_atomically)
from ansible.module_utils.orion_sshd import MAIN_CONFIG, running_listeners
from ansible.module_utils.orion_survey import lines_of, survey

DROP_IN_DIR = '/etc/ssh/sshd_config.d'
DROP_IN = DROP_IN_DIR + '/orion.conf'
WALK_SECONDS, RELOAD_SECONDS = 300, 5
CONTENT = '''# Written by Orion (prepare_node). Accounts of the group orion belong to clients: they log in with the key that Orion
# put in a place that they can't write to, and with nothing else.
Match Group orion
    AuthorizedKeysFile /etc/ssh/orion/%u
    AuthorizedKeysCommand none
    AuthenticationMethods publickey
    PubkeyAuthentication yes
    PasswordAuthentication no
    KbdInteractiveAuthentication no
    HostbasedAuthentication no
    AllowAgentForwarding no
    AllowTcpForwarding no
    AllowStreamLocalForwarding no
    X11Forwarding no
    PermitTunnel no
    PermitUserRC no
Match all
'''


def ensure_group(check_mode):
    try:
        grp.getgrnam(GROUP)
        return False
    except KeyError:
        pass
    if not check_mode:
        if tool('groupadd'):
            run_account_tool([tool('groupadd'), '--system', GROUP])
        else:
            run_account_tool([tool('addgroup') or 'addgroup', '-S', GROUP])
    return True


def ensure_key_dir(check_mode):
    try:
        found = os.lstat(KEY_DIR)
        if stat.S_ISDIR(found.st_mode) and (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (0, 0, 0o755):
            return False
        if not stat.S_ISDIR(found.st_mode):
            raise Refusal('PlaybookFailed', '%s is not a directory' % KEY_DIR)
    except FileNotFoundError:
        pass
    if not check_mode:
        os.makedirs(KEY_DIR, exist_ok=True)
        os.chown(KEY_DIR, 0, 0)
        os.chmod(KEY_DIR, 0o755)
    return True


def includes_drop_in(config):
    """An Include counts only above the first Match, as sshd reads it."""
    for line in lines_of(config):
        words = line.strip().split()
        if words[:1] and words[0].lower() == 'match':
            return False
        if words[:1] and words[0].lower() == 'include' and any(
                word in (DROP_IN, DROP_IN_DIR + '/*.conf', 'sshd_config.d/*.conf', DROP_IN_DIR + '/*') for word in words[1:]):
            return True
    return False


def read_or_none(path):
    try:
        with open(path) as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def is_roots_alone(path):
    """A file, no link, that only root can change: whoever can change it can log in as anybody."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_uid == 0 and not found.st_mode & 0o022


def write_config(path, content):
    mode = stat.S_IMODE(os.stat(path).st_mode) if os.path.exists(path) else 0o644
    write_atomically(path, content, mode)


def put_back(before):
    for path, content in before.items():
        if content is None:
            os.unlink(path)
        else:
            write_config(path, content)


def ensure_sshd(check_mode):
    listeners = running_listeners()
    configs = {config for _, config, _ in listeners} or {MAIN_CONFIG}
    binary = tool('sshd') or (listeners[0][2] if listeners else None)
    if binary is None:
        raise Refusal('PlaybookFailed', 'there is no sshd on the node')
    wanted = {DROP_IN: CONTENT}
    for config in configs:
        if not includes_drop_in(config):
            wanted[config] = 'Include %s\n%s' % (DROP_IN, read_or_none(config) or '')
    before = {path: read_or_none(path) for path in wanted}
    if before == wanted and is_roots_alone(DROP_IN):
        return False
    if check_mode:
        return True
    os.makedirs(DROP_IN_DIR, mode=0o755, exist_ok=True)
    os.makedirs('/run/sshd', mode=0o755, exist_ok=True)  # sshd -t wants its privilege separation directory
    if not is_roots_alone(DROP_IN):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(DROP_IN)
    for path, content in wanted.items():
        write_config(path, content)
    for config in configs:
        tested = run_tool([binary, '-t', '-f', config])
        if tested.returncode != 0:
            put_back(before)
            raise Refusal('PlaybookFailed', 'sshd refuses the configuration: %s' % ' '.join(tested.stdout.split())[:200])
    reload_listeners([pid for pid, _, _ in listeners])
    return True


def listening_sockets(pid):
    inodes = {fields[9] for table in ('/proc/net/tcp', '/proc/net/tcp6')
              for fields in (line.split() for line in lines_of(table)[1:]) if len(fields) > 9 and fields[3] == '0A'}
    held = set()
    for link in glob.glob('/proc/%d/fd/*' % pid):
        with contextlib.suppress(OSError):
            held.add(os.readlink(link))
    return {inode for inode in inodes if 'socket:[%s]' % inode in held}


def reload_listeners(pids):
    """Makes sshd read its configuration again; open sessions go on. For a moment it does not listen, so this waits
    until it does: the next login must not meet that moment."""
    for pid in pids:
        before, give_up_at = listening_sockets(pid), time.monotonic() + RELOAD_SECONDS
        os.kill(pid, signal.SIGHUP)
        while before and not listening_sockets(pid) - before and time.monotonic() < give_up_at:
            time.sleep(0.01)


def tenants_are_there():
    return any(UID_MIN <= int(f[2]) <= UID_MAX for f in (line.split(':') for line in lines_of('/etc/passwd'))
               if len(f) == 7 and f[2].isdigit()) or bool(glob.glob(KEY_DIR + '/*'))


def take_baseline():
    compared, walk = survey(UID_MIN, UID_MAX, WALK_SECONDS)
    if not walk.complete:
        raise Refusal('PlaybookFailed', 'the walk over the disks did not end within %d s' % WALK_SECONDS)
    # `writable`: where anybody may write. orion_remove_account searches there, besides the usual places.
    write_atomically(BASELINE_FILE, json.dumps({'compared': compared, 'writable': walk.writable}))


def prepare(keep_baseline, limits, check_mode):
    changed = ensure_group(check_mode)
    changed = ensure_key_dir(check_mode) or changed
    changed = ensure_sshd(check_mode) or changed
    limited, extra = (False, {}) if limits is None else try_limits(limits, check_mode)
    changed = limited or changed
    # With a tenant on the node the older baseline stays; if there is none, orion_verify says so. A machine without a
    # baseline is a new one in the place of the old: only root could have removed it, and root could also change it.
    has_baseline = os.path.exists(BASELINE_FILE)
    if (keep_baseline and has_baseline) or tenants_are_there():
        return changed, extra
    changed = changed or not has_baseline
    if not check_mode:
        take_baseline()
        keep_ballast()
    return changed, extra


def main():
    module = AnsibleModule(supports_check_mode=True, argument_spec={
        'fence': {'type': 'int', 'required': True}, 'fleet': {'type': 'dict'},
        'keep_baseline': {'type': 'bool', 'default': False}, 'limits': {'type': 'dict'}})
    carry_out(module, lambda _state: prepare(module.params['keep_baseline'], module.params['limits'], module.check_mode))


if __name__ == '__main__':
    main()
