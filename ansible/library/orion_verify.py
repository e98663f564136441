#!/usr/bin/python
"""Checks for what does not belong on a node that is about to be lent again."""
from __future__ import annotations

DOCUMENTATION = r'''
module: orion_verify
short_description: Looks for anything that a tenant left on the node
description:
  - Changes nothing (but with O(leave) and O(accept)) and does not fail when it finds something; C(orion.findings) is empty when the node is clean.
  - Checks on its own, without the code that removes accounts, and compares with the baseline of M(orion_prepare).
  - A watched file that is exactly as an installed package of dpkg brought it is no finding. What else is changed on a node
    after that (a new system account, another control key) is one, until O(accept) names it or M(orion_prepare) takes a
    new baseline. C(orion.differences) has those that O(accept) may name, C(/var/lib/orion/findings) on the node all findings.
options:
  fence: {description: Number of the order; lower than one seen before is refused., type: int, required: true}
  fleet: {description: 'C(id) of the fleet that the order is of, C(stamp) of its number, and C(adopt), the fleet that the node may be taken from; without an id, as by hand, the node is not asked whose it is.', type: dict}
  accept: {description: Ids of differences from the baseline that a person has seen; those of them that are there become normal., type: list, elements: str, default: []}
  leave: {description: The node leaves its fleet; where it is found clean, the mark of the fleet is removed., type: bool, default: false}
attributes:
  check_mode: {support: full}
'''

import contextlib
import ctypes
import os
import platform
import re

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.orion_differences import (
    describe, find_differences, is_tenant, offer, printable, read_baseline, take, tell_offered)
from ansible.module_utils.orion_cgroups import leftovers
from ansible.module_utils.orion_node import (
    GROUP, KEY_DIR, STATE_DIR, UID_MAX, UID_MIN, Refusal, carry_out, write_atomically)
from ansible.module_utils.orion_survey import lines_of, processes, survey

MOST_FINDINGS, MOST_OF_ONE_KIND, LONGEST_FINDING, WALK_SECONDS = 50, 8, 200, 300
FINDINGS_FILE, MOST_KEPT, LONGEST_KEPT = STATE_DIR + '/findings', 2000, 1000
MOST_OF_ONCE = 100


def be_gentle():
    """The node may have other work, so the walk takes what is left. Numbers of ioprio_set by architecture."""
    os.nice(5)
    number = {'x86_64': 251, 'aarch64': 30}.get(platform.machine())
    if number:
        ctypes.CDLL(None).syscall(number, 1, 0, (2 << 13) | 7)  # this process, best effort, lowest level


def account_findings():
    found, gid = [], None
    for line in lines_of('/etc/group'):
        fields = line.split(':')
        if fields[0] == GROUP and len(fields) == 4:
            gid = fields[2]
            found += ['group %s has the member %s' % (GROUP, name) for name in fields[3].split(',') if name]
    for line in lines_of('/etc/passwd'):
        fields = line.split(':')
        if len(fields) == 7 and fields[2].isdigit() and (is_tenant(fields[2]) or fields[3] == gid):
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
                      if name.isdigit() and is_tenant(name)]
    return found


def ipc_findings():
    found = []
    for kind in ('shm', 'sem', 'msg'):
        rows = [line.split() for line in lines_of('/proc/sysvipc/' + kind)]
        for row in rows[1:]:
            entry = dict(zip(rows[0], row))
            if is_tenant(entry['uid']) or is_tenant(entry['cuid']):
                found.append('System V %s %s of uid %s' % (kind, row[1], entry['uid']))
    return found


def few(findings):
    """Bounds the findings of one kind, so that a thousand processes do not hide the one setuid file."""
    if len(findings) > MOST_OF_ONE_KIND:
        return findings[:MOST_OF_ONE_KIND] + ['and %d more like that' % (len(findings) - MOST_OF_ONE_KIND)]
    return findings


def presentable(findings):
    """Tenants choose names of files and processes: they are bounded, and hold nothing that a terminal would obey."""
    shown = [printable(finding)[:LONGEST_FINDING] for finding in findings]
    if len(shown) > MOST_FINDINGS:
        shown = shown[:MOST_FINDINGS - 1] + ['and %d more' % (len(shown) - MOST_FINDINGS + 1)]
    return shown


def keep_on_node(findings):
    """Keeps all findings for a person who looks at the node: the report is bounded more tightly."""
    with contextlib.suppress(OSError):  # such as a full disk; the report does not depend on it
        if findings:
            kept = [printable(finding)[:LONGEST_KEPT] + '\n' for finding in findings[:MOST_KEPT]]
            write_atomically(FINDINGS_FILE, ''.join(kept))
        elif os.path.lexists(FINDINGS_FILE):
            os.unlink(FINDINGS_FILE)


def tenants_findings(walk):
    return [account_findings(), live_findings() + leftovers(), ipc_findings(),
            ['file %s is owned by a tenant uid' % path for path in walk.foreign]]


def look(accept, check_mode):
    """-> (all findings by kind, those that may be accepted, those that were)."""
    compared, walk = survey(UID_MIN, UID_MAX, WALK_SECONDS)
    kinds = tenants_findings(walk)
    if not walk.complete:
        kinds.append(['the walk over the disks did not end within %d s' % WALK_SECONDS])
    kinds.append(['%s is unreadable' % path for kind, path in (('groups', '/etc/group'), ('accounts', '/etc/passwd'))
                  if not compared[kind]])
    baseline = read_baseline()
    if baseline is None:
        return kinds + [['no readable baseline: run prepare_node first']], None, []
    differences = find_differences(compared, baseline)
    # A listener may be a process of a tenant that still runs.
    offered = offer(differences, with_listeners=not kinds[1])
    accepted = take(compared, baseline, offered, set(accept), check_mode)
    left = {kind: [entry for entry in entries if (kind, entry) not in accepted] for kind, entries in differences.items()}
    kinds += [[describe(kind, entry) for entry in entries] for kind, entries in sorted(left.items())]
    return kinds, [pair for pair in offered if pair not in accepted], sorted(accepted)


def verify(state, leave, accept, check_mode):
    if len(accept) > MOST_OF_ONCE or not all(re.match(r'[0-9a-f]{32}\Z', name) for name in accept):
        raise Refusal('PlaybookFailed', 'what to accept must be named by at most %d ids' % MOST_OF_ONCE)
    be_gentle()
    kinds, offered, accepted = look(accept, check_mode)
    findings = [finding for kind in kinds for finding in kind]
    if not check_mode:
        keep_on_node(findings)
    if leave and not findings and not check_mode:
        state.leave_fleet()
    answer = {'findings': presentable([finding for kind in kinds for finding in few(kind)])}
    if offered:
        answer['differences'] = tell_offered(offered, len(findings))
    if accept:
        answer['accepted'] = presentable([describe(*pair) for pair in accepted])
    return bool(accepted), answer


def main():
    module = AnsibleModule(supports_check_mode=True, argument_spec={
        'fence': {'type': 'int', 'required': True}, 'fleet': {'type': 'dict'},
        'accept': {'type': 'list', 'elements': 'str', 'default': []}, 'leave': {'type': 'bool', 'default': False}})
    carry_out(module, lambda state: verify(state, module.params['leave'], module.params['accept'], module.check_mode))


if __name__ == '__main__':
    main()
