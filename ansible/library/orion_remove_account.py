#!/usr/bin/python
"""Ends everything that runs under an account, and removes the account with all that it owns."""
from __future__ import annotations

DOCUMENTATION = r'''
module: orion_remove_account
short_description: Removes an account with everything of it
description:
  - Locks the account and takes its key, ends its processes, then removes crontab, at jobs, mail, System V IPC, message
    queues, session state, the account, its home, and every file of the uid in places that the uid could write to.
  - Works by account and by uid, so it finishes what an earlier run began, and is harmless to repeat.
  - Removes as it goes. What can't be removed keeps nothing else from being removed, and fails the module at the end;
    C(RemovalUnfinished) means that the time was over while there was still something to remove.
options:
  fence: {description: Number of the order; lower than one seen before is refused., type: int, required: true}
  fleet: {description: 'C(id) of the fleet that the order is of, C(stamp) of its number, and C(adopt), the fleet that the node may be taken from; without an id, as by hand, the node is not asked whose it is.', type: dict}
  account: {description: Name of the account., type: str, required: true}
  uid: {description: Its uid from 20000 to 59999., type: int, required: true}
  seconds: {description: After so long it stops and fails; the next run goes on., type: int, default: 300}
attributes:
  check_mode: {support: full}
'''

import contextlib
import glob
import os
import pwd
import stat
import time

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.orion_uid_removal import REMOVE_SECONDS, processes_of, remove_everything
from ansible.module_utils.orion_node import KEY_DIR, carry_out, check_account, check_uid, keep_ballast
from ansible.module_utils.orion_tree_removal import Removal, lstat_at


def sweep_payloads():
    """Killed Ansible runs leave their unpacked module behind (no client data, yet disk space). Best effort."""
    removal = Removal()
    fd = os.open('/tmp', os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for path in glob.iglob('/tmp/ansible_*_payload_*'):
            found = lstat_at(fd, os.path.basename(path))
            if found and found.st_uid == 0 and found.st_mtime < time.time() - 3600:
                removal.remove_entry(fd, os.path.basename(path), stat.S_ISDIR(found.st_mode), path)
    finally:
        os.close(fd)


def ensure_absent(params, check_mode, state):
    account, uid = params['account'], params['uid']
    check_account(account)
    check_uid(uid)
    if check_mode:
        there = os.path.lexists(os.path.join(KEY_DIR, account)) or bool(processes_of(uid))
        with contextlib.suppress(KeyError):
            there = pwd.getpwnam(account) is not None
        return there, {}
    if state.uid_seen < uid or state.uid_owner == account:
        # From now on the uid is used up, even if the account was never made.
        state.store(uid_seen=max(state.uid_seen, uid))
    changed = remove_everything(account, uid, seconds=params['seconds'])
    sweep_payloads()
    keep_ballast()
    return changed, {}


def main():
    module = AnsibleModule(supports_check_mode=True, argument_spec={
        'fence': {'type': 'int', 'required': True}, 'fleet': {'type': 'dict'}, 'account': {'type': 'str', 'required': True},
        'uid': {'type': 'int', 'required': True}, 'seconds': {'type': 'int', 'default': REMOVE_SECONDS}})
    carry_out(module, lambda state: ensure_absent(module.params, module.check_mode, state))


if __name__ == '__main__':
    main()
