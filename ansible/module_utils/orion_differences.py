"""How a node differs from its baseline, and which differences a person may accept.

A difference is named by a hash over all of it, its content too: whoever has seen one accepts that one, and nothing
that came in its place. What a tenant made or has is never offered.
"""
import hashlib
import json
import os
import re

from ansible.module_utils.orion_node import ACCOUNT, BASELINE_FILE, GROUP, UID_MAX, UID_MIN, write_atomically
from ansible.module_utils.orion_packages import as_packaged
from ansible.module_utils.orion_survey import WATCHED, lines_of, path_of

MOST_OFFERED, LONGEST_OFFERED = 20, 200
# Unreadable files and records of logins are not offered: they have no content that a person could see and accept.
OFFERED = ('setuid', 'sudoers', 'schedules', 'authorized_keys', 'accounts', 'groups', 'listeners')
# Paths in which a tenant's name shows whose they are.
TENANTS_PLACE = re.compile(r'/(?:home|var/mail|var/spool/.+|var/lib/systemd/linger)/([^/]+)')


def printable(text):
    """Escapes whatever a terminal would obey."""
    return re.sub(r'[^\x20-\x7e]', lambda m: '\\x%02x' % (ord(m.group()) & 0xff), text)


def describe(kind, entry):
    return '%s: new or changed: %s' % (kind, entry)


def id_of(kind, entry):
    return hashlib.sha256(('%s\0%s' % (kind, entry)).encode(errors='surrogateescape')).hexdigest()[:32]


def read_baseline():
    """None when there is no readable one."""
    try:
        with open(BASELINE_FILE) as stream:
            baseline = json.load(stream)
        return baseline if all(isinstance(known, list) for known in baseline['compared'].values()) else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def find_differences(compared, baseline):
    """-> {kind: entries that are not in the baseline}, without files that are exactly as a package brought them."""
    known = {kind: set(baseline['compared'].get(kind, [])) for kind in compared}
    differences = {kind: [entry for entry in entries if entry not in known[kind]] for kind, entries in compared.items()}
    paths = {path_of(entry) for kind in WATCHED for entry in differences[kind]} - {None}
    packaged = as_packaged(paths)
    for kind in WATCHED:
        differences[kind] = [entry for entry in differences[kind] if path_of(entry) not in packaged]
    return differences


def is_tenant(number):
    return UID_MIN <= int(number) <= UID_MAX


def is_tenants(kind, entry):
    """Is it something that a tenant made or has? Then it is removed, never accepted."""
    if kind == 'accounts':
        group = {line.split(':')[2] for line in lines_of('/etc/group') if line.startswith(GROUP + ':')}
        uid, gid = re.search(r' uid=(\S*) gid=(\S*) shell=', entry).groups()
        return not uid.isdigit() or is_tenant(uid) or gid in group or bool(ACCOUNT.match(entry.split(' ')[0]))
    if kind == 'groups':
        name, gid, members = re.match(r'(.*) gid=(\S*) members=(.*)', entry).groups()
        return (name == GROUP or not gid.isdigit() or is_tenant(gid)
                or any(ACCOUNT.match(member) for member in [name] + members.split(',')))
    if kind == 'listeners':
        return False
    path = entry.rsplit(' ', 2)[0] if kind == 'setuid' else path_of(entry) or entry.split(' -> ')[0]
    place = TENANTS_PLACE.match(path)
    found = os.lstat(path)
    return is_tenant(found.st_uid) or is_tenant(found.st_gid) or bool(place and ACCOUNT.match(place.group(1)))


def may_be_offered(kind, entry):
    # Whoever accepts it must have seen all of it, and every character as it is.
    text = describe(kind, entry)
    if len(text) > LONGEST_OFFERED or printable(text) != text:
        return False
    try:
        return not is_tenants(kind, entry)
    except (OSError, ValueError, AttributeError):
        return False


def offer(differences, with_listeners):
    return [(kind, entry) for kind in OFFERED if with_listeners or kind != 'listeners'
            for entry in differences[kind] if may_be_offered(kind, entry)]


def tell_offered(offered, findings):
    shown = [{'id': id_of(kind, entry), 'kind': kind, 'text': entry} for kind, entry in offered[:MOST_OFFERED]]
    return {'items': shown, 'more': len(offered) - len(shown), 'others': findings - len(offered)}


def take(compared, baseline, offered, ids, check_mode):
    """Accepts what is offered and named. -> all that is named and normal now, so that an order may be repeated."""
    if not ids:
        return set()
    named = {(kind, entry) for kind, entries in compared.items() for entry in entries if id_of(kind, entry) in ids}
    normal = {(kind, entry) for kind, entry in named if entry in baseline['compared'].get(kind, [])}
    new = named.intersection(offered)
    if new and not check_mode:
        for kind, entry in sorted(new):
            baseline['compared'].setdefault(kind, []).append(entry)
        write_atomically(BASELINE_FILE, json.dumps(baseline))
    return normal | new
