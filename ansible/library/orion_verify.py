#!/usr/bin/python
"""Looks for what does not belong on a node that is about to be lent again."""
from __future__ import annotations

DOCUMENTATION = r'''
module: orion_verify
short_description: Looks for anything that a tenant left on the node
description:
  - Changes nothing (but with O(leave)) and does not fail when it finds something; C(orion.findings) is empty when the node is clean.
  - Checks on its own, without the code that removes accounts, and compares with the baseline of M(orion_prepare).
  - What an operator changes on a node after that (a new system account, another control key) is a finding too, until
    M(orion_prepare) takes a new baseline.
options:
  fence: {description: Number of the order; lower than one seen before is refused., type: int, required: true}
  fleet: {description: 'C(id) of the fleet that the order is of, C(stamp) of its number, and C(adopt), the fleet that the node may be taken from; without an id, as by hand, the node is not asked whose it is.', type: dict}
  leave: {description: The node leaves its fleet; where it is found clean, the mark of the fleet is removed., type: bool, default: false}
attributes:
  check_mode: {support: full}
'''

import ctypes
import json
import os
import platform
import re

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.orion_groups import leftovers
from ansible.module_utils.orion_node import BASELINE_FILE, GROUP, KEY_DIR, UID_MAX, UID_MIN, carry_out
from ansible.module_utils.orion_survey import lines_of, processes, survey

MOST_FINDINGS, MOST_OF_ONE_KIND, LONGEST_FINDING, WALK_SECONDS = 50, 8, 200, 300


def be_gentle():
    """The node may have other work; the walk takes what is left. Numbers of ioprio_set by architecture."""
    os.nice(5)
    number = {'x86_64': 251, 'aarch64': 30}.get(platform.machine())
    if number:
        ctypes.CDLL(None).syscall(number, 1, 0, (2 << 13) | 7)  # this process, best effort, lowest level


def is_tenant(uid):
    return UID_MIN <= uid <= UID_MAX


def account_findings():
    found, gid = [], None
    for line in lines_of('/etc/group'):
        fields = line.split(':')
        if fields[0] == GROUP and len(fields) == 4:
            gid = fields[2]
            found += ['group %s has the member %s' % (GROUP, name) for name in fields[3].split(',') if name]
    for line in lines_of('/etc/passwd'):
        fields = line.split(':')
        if len(fields) == 7 and fields[2].isdigit() and (is_tenant(int(fields[2])) or fields[3] == gid):
            found.append('account %s with uid %s' % (fields[0], fields[2]))
    for table in ('/etc/subuid', '/etc/subgid'):
        found += ['%s gives ids to %s' % (table, line.split(':')[0]) for line in lines_of(table)
                  if re.match(r'r[a-z0-9]{7,15}:', line)]
    if os.path.isdir(KEY_DIR):
        found += ['key file %s/%s' % (KEY_DIR, name) for name in os.listdir(KEY_DIR)]
    return found


def live_findings():
    found = ['process %d (%s) of uid %d' % (pid, name, max(filter(is_tenant, uids)))
             for pid, uids, zombie, name in processes() if not zombie and any(map(is_tenant, uids))]
    for directory in ('/run/systemd/users', '/run/user'):
        if os.path.isdir(directory):
            found += ['session state %s/%s' % (directory, name) for name in os.listdir(directory)
                      if name.isdigit() and is_tenant(int(name))]
    return found


def ipc_findings():
    found = []
    for kind in ('shm', 'sem', 'msg'):
        rows = [line.split() for line in lines_of('/proc/sysvipc/' + kind)]
        for row in rows[1:]:
            entry = dict(zip(rows[0], row))
            if is_tenant(int(entry['uid'])) or is_tenant(int(entry['cuid'])):
                found.append('System V %s %s of uid %s' % (kind, row[1], entry['uid']))
    return found


def baseline_findings(compared):
    try:
        with open(BASELINE_FILE) as stream:
            baseline = json.load(stream)['compared']
    except (OSError, ValueError, KeyError, TypeError):
        return ['no readable baseline: run prepare_node first']
    found = []
    for kind, entries in sorted(compared.items()):
        known = set(baseline.get(kind, []))
        found += few(['%s: new or changed: %s' % (kind, entry) for entry in entries if entry not in known])
    return found


def few(findings):
    """So that a thousand processes do not hide the one setuid file."""
    if len(findings) > MOST_OF_ONE_KIND:
        return findings[:MOST_OF_ONE_KIND] + ['and %d more like that' % (len(findings) - MOST_OF_ONE_KIND)]
    return findings


def presentable(findings):
    """Names of files and processes are the tenant's to choose: bounded, and nothing that a terminal would obey."""
    shown = [re.sub(r'[^\x20-\x7e]', lambda m: '\\x%02x' % (ord(m.group()) & 0xff), f)[:LONGEST_FINDING] for f in findings]
    if len(shown) > MOST_FINDINGS:
        shown = shown[:MOST_FINDINGS - 1] + ['and %d more' % (len(shown) - MOST_FINDINGS + 1)]
    return shown


def verify(state, leave, check_mode):
    be_gentle()
    findings = few(account_findings()) + few(live_findings() + leftovers()) + few(ipc_findings())
    compared, walk = survey(UID_MIN, UID_MAX, WALK_SECONDS)
    findings += few(['file %s is owned by a tenant uid' % path for path in walk.foreign])
    if not walk.complete:
        findings.append('the walk over the disks did not end within %d s' % WALK_SECONDS)
    for kind, path in (('groups', '/etc/group'), ('accounts', '/etc/passwd')):
        if not compared[kind]:
            findings.append('%s is unreadable' % path)
    findings += baseline_findings(compared)
    if leave and not findings and not check_mode:
        state.leave_fleet()
    return False, {'findings': presentable(findings)}


def main():
    module = AnsibleModule(supports_check_mode=True, argument_spec={
        'fence': {'type': 'int', 'required': True}, 'fleet': {'type': 'dict'},
        'leave': {'type': 'bool', 'default': False}})
    carry_out(module, lambda state: verify(state, module.params['leave'], module.check_mode))


if __name__ == '__main__':
    main()
