#!/usr/bin/python
"""Removes accounts and key files that belong to nobody."""
from __future__ import annotations

DOCUMENTATION = r'''
module: orion_remove_strays
short_description: Removes accounts and key files that belong to nobody
description:
  - Removes every account in C(/etc/passwd) with a uid from 20000 to 59999, with everything of it, and every file in
    C(/etc/ssh/orion), but those of the account to keep. What to remove is decided here, under the lock, so no name that
    was read on the node earlier can mislead.
  - The account to keep is not touched, whatever was done to it, and neither are its uid's processes and files when
    another name was given the same uid.
  - C(orion.removed) tells what was removed, C(orion.findings) what could not be.
options:
  fence: {description: Number of the order; lower than one seen before is refused., type: int, required: true}
  fleet: {description: 'C(id) of the fleet that the order is of, C(stamp) of its number, and C(adopt), the fleet that the node may be taken from; without an id, as by hand, the node is not asked whose it is.', type: dict}
  keep_account: {description: Name of the account to keep; empty when nobody is on the node., type: str, default: ''}
  keep_uid: {description: Its uid., type: int, default: 0}
attributes:
  check_mode: {support: full}
'''

import os
import re
import stat

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.orion_uid_removal import remove_alias, remove_everything
from ansible.module_utils.orion_node import (
    KEY_DIR, UID_MAX, UID_MIN, Refusal, carry_out, check_account, check_uid)
from ansible.module_utils.orion_tree_removal import O_DIR, Removal, lstat_at
from ansible.module_utils.orion_survey import lines_of

# Names that an administrator's useradd makes. Others (a slash, a leading dash, only digits) would mean something else
# in tools and paths; those are left for a person to remove.
NAME = re.compile(r'^[A-Za-z_][A-Za-z0-9_.-]{0,31}\Z')
MOST_TOLD, LONGEST_TOLD = 50, 200


def local_accounts():
    """(name, uid) of this machine's own accounts: those of a directory service are not the node's to remove."""
    fields = (line.split(':') for line in lines_of('/etc/passwd'))
    return [(f[0], int(f[2])) for f in fields if len(f) == 7 and f[2].isdigit()]


def remove_account(name, uid, keep_uid):
    if not NAME.match(name):
        raise Refusal('StrayAccount', 'only a person can remove an account with this name')
    # Looked up each time: of several names with one uid, the last one removed takes the files along.
    if uid == keep_uid or [other for _, other in local_accounts()].count(uid) > 1:
        remove_alias(name, uid)
    else:
        remove_everything(name, uid, keep_foreign_home=True)


def remove_key_file(name):
    removal, fd = Removal(), os.open(KEY_DIR, O_DIR)
    try:
        found = lstat_at(fd, name)
        if found is not None:
            removal.remove_entry(fd, name, stat.S_ISDIR(found.st_mode), '%s/%s' % (KEY_DIR, name))
    finally:
        os.close(fd)
    removal.finish()


def strays(keep_account, keep_uid):
    """Yields (what it is, how to remove it) for each stray."""
    for name, uid in local_accounts():
        if UID_MIN <= uid <= UID_MAX and name != keep_account:
            yield 'the account %s with uid %d' % (name, uid), lambda: remove_account(name, uid, keep_uid)
    for name in sorted(os.listdir(KEY_DIR)) if os.path.isdir(KEY_DIR) else []:
        if name != keep_account:
            yield 'the key file %s' % name, lambda: remove_key_file(name)


def presentable(texts):
    shown = [re.sub(r'[^\x20-\x7e]', '?', text)[:LONGEST_TOLD] for text in texts]
    return shown[:MOST_TOLD] + ['and %d more' % (len(shown) - MOST_TOLD)] * (len(shown) > MOST_TOLD)


def remove_strays(params, check_mode):
    keep_account, keep_uid = params['keep_account'], params['keep_uid']
    if keep_account:
        check_account(keep_account)
        check_uid(keep_uid)
    removed, left = [], []
    for what, remove in strays(keep_account, keep_uid):
        try:
            if not check_mode:
                remove()
            removed.append(what)
        except (Refusal, OSError) as problem:
            left.append('%s could not be removed: %s' % (what, problem))
    return bool(removed), {'removed': presentable(removed), 'findings': presentable(left)}


def main():
    module = AnsibleModule(supports_check_mode=True, argument_spec={
        'fence': {'type': 'int', 'required': True}, 'fleet': {'type': 'dict'}, 'keep_account': {'type': 'str', 'default': ''},
        'keep_uid': {'type': 'int', 'default': 0}})
    carry_out(module, lambda _state: remove_strays(module.params, module.check_mode))


if __name__ == '__main__':
    main()
