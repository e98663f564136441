#!/usr/bin/python
"""Makes or repairs the account of one placement."""
from __future__ import annotations

DOCUMENTATION = r'''
module: orion_account
short_description: Makes or repairs the account of a placement
description:
  - The account has the given uid, the group C(orion), a private home and one public key that only root can change
    (C(/etc/ssh/orion/ACCOUNT), used through the drop-in that M(orion_prepare) installs).
  - The key is written with C(restrict,pty), so a login, scp and sftp work; forwarding of ports, agents and X11 does not.
  - The key carries the end of the lease (C(expiry-time)), so that sshd lets nobody in after it even when nobody is there
    to remove the account. Sessions that stand are not ended by it.
  - A uid that the node has seen before is refused for a new account, because a process that outlived its user would
    run as the next one.
  - With O(limits) the account may take no more of the node than they say; what of it holds is measured in a session of
    the account and told in C(orion.limits). A limit that is required and does not hold is refused (C(LimitNotHeld)).
  - An account that somebody changed is made as it was. When its uid was changed, what runs under the wrong one is ended.
options:
  fence: {description: Number of the order; lower than one seen before is refused., type: int, required: true}
  fleet: {description: 'C(id) of the fleet that the order is of, C(stamp) of its number, and C(adopt), the fleet that the node may be taken from; without an id, as by hand, the node is not asked whose it is.', type: dict}
  account: {description: Name of the account., type: str, required: true}
  uid: {description: Its uid from 20000 to 59999., type: int, required: true}
  public_key: {description: The key as C(type base64) without options or comment., type: str, required: true}
  expires_at: {description: When access ends, in seconds since 1970., type: int, required: true}
  limits: {description: What the account may take of the node as C(policy.limits) has it; without it nothing is changed about that., type: dict}
attributes:
  check_mode: {support: full}
'''

import grp
import os
import pwd
import re
import shutil
import stat
import time

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.orion_uid_removal import end_processes
from ansible.module_utils.orion_limits import ensure_limits
from ansible.module_utils.orion_node import (
    GROUP, KEY_DIR, UID_MAX, UID_MIN, Refusal, carry_out, check_account, check_public_key, check_uid, run_account_tool,
    run_tool, tool, write_atomically)
from ansible.module_utils.orion_survey import lines_of


def prepared_group():
    """-> the gid of the group. Checked before anything is made."""
    try:
        gid = grp.getgrnam(GROUP).gr_gid
    except KeyError:
        raise Refusal('NotPrepared', 'the group %s is missing: run prepare_node first' % GROUP)
    if not os.path.isdir(KEY_DIR):
        raise Refusal('NotPrepared', '%s is missing: run prepare_node first' % KEY_DIR)
    return gid


def entry_of(account):
    try:
        return pwd.getpwnam(account)
    except KeyError:
        return None


def shadow_is_open(account):
    """`*` means no password, yet not locked. Without PAM, sshd refuses a `!` even with a key. With PAM, a password
    that must be changed at the next login (day 0) keeps the key out, too."""
    with open('/etc/shadow') as stream:
        for line in stream:
            fields = line.rstrip('\n').split(':')
            if fields[0] == account:
                return fields[1] == '*' and fields[2] != '0' and (len(fields) < 8 or fields[7] == '')
    return False


def claim_uid(state, account, uid):
    """Stores the uid before the account exists: whatever happens next, no other account ever gets it."""
    try:
        other = pwd.getpwuid(uid).pw_name
    except KeyError:
        other = None
    if other not in (None, account):
        if state.uid_seen < uid:
            state.store(uid_seen=uid)  # not ours, but used: the controller must skip it
        raise Refusal('FenceTooLow', 'the uid %d belongs to another account of the node' % uid)
    if uid < state.uid_seen or (uid == state.uid_seen and state.uid_owner != account):
        raise Refusal('FenceTooLow', 'the uid %d was used before: the node has seen %d' % (uid, state.uid_seen))
    if uid > state.uid_seen:
        state.store(uid_seen=uid, uid_owner=account)


def add_account(account, uid, home, shell):
    if tool('useradd'):
        # UID_MAX below our uids keeps useradd from handing out subordinate uids (/etc/subuid), under which a tenant
        # could own files outside their range; --no-log-init keeps lastlog from growing with the uid.
        run_account_tool([tool('useradd'), '-K', 'UID_MAX=19999', '--no-log-init', '-M', '-N', '-u', str(uid), '-g', GROUP,
                          '-d', home, '-s', shell, '-p', '*', account])
    else:
        # BusyBox (Alpine): -D sets no password, which it writes as `!`; chpasswd -e puts the `*` there.
        run_account_tool([tool('adduser') or 'adduser', '-D', '-H', '-h', home, '-s', shell, '-u', str(uid), '-G', GROUP,
                          '-g', '', account])
        open_shadow(account)


def open_shadow(account):
    run_account_tool([tool('chpasswd') or 'chpasswd', '-e'], stdin='%s:*\n' % account)


def repair_account(account, uid, home, shell):
    if tool('usermod'):
        run_account_tool([tool('usermod'), '-g', GROUP, '-G', '', '-d', home, '-s', shell, '-e', '', '-p', '*', account])
    else:
        for group in other_groups(account):
            run_account_tool([tool('delgroup') or 'delgroup', account, group])
        run_account_tool([tool('deluser') or 'deluser', account])
        add_account(account, uid, home, shell)


def restore_uid(state, account, found_uid, uid):
    """Only if the node's own state has this uid for this account, so that no accounts are mixed up."""
    known = state.uid_seen == uid and state.uid_owner == account
    if not known or not UID_MIN <= found_uid <= UID_MAX or not tool('usermod'):
        raise Refusal('PlaybookFailed', 'the account %s exists with uid %d: delete it first' % (account, found_uid))
    end_processes(found_uid)
    run_account_tool([tool('usermod'), '-u', str(uid), account])  # also gives it the files of the home


def other_groups(account):
    """The other groups that list it as a member. BusyBox lists it in its own group, too."""
    groups = (line.split(':') for line in lines_of('/etc/group'))
    return [f[0] for f in groups if len(f) == 4 and f[0] != GROUP and account in f[3].split(',')]


def is_as_made(account, found, wanted):
    return ((found.pw_gid, found.pw_dir, found.pw_shell) == wanted and shadow_is_open(account)
            and not other_groups(account))


def make_home(home, uid, gid, check_mode):
    """Built under another name and renamed, so that a home that exists is a complete one."""
    try:
        found = os.lstat(home)
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid:
            raise Refusal('PlaybookFailed', '%s already exists and is not owned by uid %d: delete the older account first'
                          % (home, uid))
        return False
    except FileNotFoundError:
        pass
    if check_mode:
        return True
    os.makedirs(os.path.dirname(home), mode=0o755, exist_ok=True)
    fresh = os.path.join(os.path.dirname(home), '.orion-new-' + os.path.basename(home))
    shutil.rmtree(fresh, ignore_errors=True)
    if os.path.isdir('/etc/skel'):
        shutil.copytree('/etc/skel', fresh, symlinks=True)
    else:
        os.mkdir(fresh)
    for directory, _, files in os.walk(fresh):
        for name in files:
            os.lchown(os.path.join(directory, name), uid, gid)
        os.chown(directory, uid, gid)
    os.chmod(fresh, 0o700)
    os.rename(fresh, home)
    return True


def takes_utc():
    """sshd knows times in UTC (`Z`) since OpenSSH 9.1. An older one refuses the whole key because of them."""
    said = run_tool([tool('sshd'), '-V']).stdout if tool('sshd') else ''
    version = re.search(r'OpenSSH_(\d+)\.(\d+)', said)  # an older sshd prints it when it complains about -V
    return version is not None and (int(version.group(1)), int(version.group(2))) >= (9, 1)


def timespec(expires_at):
    if takes_utc():
        return time.strftime('%Y%m%d%H%M%SZ', time.gmtime(expires_at))
    # In the time zone of the node, where sshd reads it as winter time all year.
    return time.strftime('%Y%m%d%H%M%S', time.gmtime(expires_at - time.timezone))


def check_end(expires_at):
    now = int(time.time())
    if expires_at <= now:
        raise Refusal('ClockWrong', 'access would be over already: by the clock of the node it is %s, and access ends at %s'
                      % tuple(time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(at)) for at in (now, expires_at)))


def write_key(account, public_key, expires_at, check_mode):
    path = os.path.join(KEY_DIR, account)
    line = 'restrict,pty,expiry-time="%s" %s\n' % (timespec(expires_at), public_key)
    try:
        found = os.lstat(path)
        with open(path) as stream:
            if stream.read() == line and stat.S_IMODE(found.st_mode) == 0o644 and found.st_uid == 0:
                return False
    except (FileNotFoundError, UnicodeDecodeError):
        pass
    if not check_mode:
        write_atomically(path, line, 0o644)
    return True


def ensure_account(params, check_mode, state):
    account, uid = params['account'], params['uid']
    check_account(account)
    check_uid(uid)
    check_public_key(params['public_key'])
    check_end(params['expires_at'])
    gid, home = prepared_group(), '/home/' + account
    shell = '/bin/bash' if os.path.exists('/bin/bash') else '/bin/sh'
    found = entry_of(account)
    changed = False
    if found is None:
        claim_uid(state, account, uid)
        changed = True
        if not check_mode:
            add_account(account, uid, home, shell)
    else:
        if found.pw_uid != uid:
            changed = True
            if not check_mode:
                restore_uid(state, account, found.pw_uid, uid)
        elif state.uid_seen < uid:
            state.store(uid_seen=uid, uid_owner=account)
        if not is_as_made(account, found, (gid, home, shell)):
            changed = True
            if not check_mode:
                repair_account(account, uid, home, shell)
    changed = make_home(home, uid, gid, check_mode) or changed
    extra = {}
    if params['limits'] is not None:
        limited, extra = ensure_limits(params['limits'], account, check_mode)
        changed = limited or changed
    # Last, because with it the client can log in: everything else must be in place by then.
    changed = write_key(account, params['public_key'], params['expires_at'], check_mode) or changed
    return changed, extra


def main():
    module = AnsibleModule(supports_check_mode=True, argument_spec={
        'fence': {'type': 'int', 'required': True}, 'fleet': {'type': 'dict'}, 'account': {'type': 'str', 'required': True},
        'uid': {'type': 'int', 'required': True}, 'public_key': {'type': 'str', 'required': True, 'no_log': False},
        'expires_at': {'type': 'int', 'required': True}, 'limits': {'type': 'dict'}})
    carry_out(module, lambda state: ensure_account(module.params, module.check_mode, state))


if __name__ == '__main__':
    main()
