"""The limits of an account's session, read inside one that is opened as sshd opens it."""
import ctypes
import json
import os
import resource
import signal

from ansible.module_utils.orion_cgroups import bound, join
from ansible.module_utils.orion_sshd import running_listeners

CLONE_NEWUSER, ANSWER_BYTES, ANSWER_SECONDS = 0x10000000, 4096, 30
PAM_CONV_ERR = 19


class Conversation(ctypes.Structure):
    _fields_ = [('talk', ctypes.c_void_p), ('data', ctypes.c_void_p)]


def open_session(service, account):
    pam, handle = ctypes.CDLL('libpam.so.0'), ctypes.c_void_p()
    talk = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)(lambda *_: PAM_CONV_ERR)
    conversation = Conversation(ctypes.cast(talk, ctypes.c_void_p), None)
    for code in (pam.pam_start(service.encode(), account.encode(), ctypes.byref(conversation), ctypes.byref(handle)),
                 pam.pam_open_session(handle, 0)):
        if code != 0:
            raise OSError(code, 'a session through PAM was refused with code %d' % code)
    return lambda: pam.pam_close_session(handle, 0)


def in_child(work):
    """-> what `work` returns in a process of its own: what it does to itself ends with that process."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            signal.alarm(ANSWER_SECONDS)
            os.write(writer, json.dumps(work()).encode()[:ANSWER_BYTES])
        except BaseException as error:  # noqa: BLE001 - the parent is told; nothing of the module may run here
            os.write(writer, json.dumps({'trouble': str(error)[:200]}).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        answer = stream.read()
    os.waitpid(child, 0)
    return json.loads(answer) if answer else {'trouble': 'no answer in time'}


def look_from_inside(service, account, own):
    """Opens a session where sshd's sessions begin, through the service's PAM stack, as for the account itself."""
    for pid, _, _ in running_listeners()[:1]:
        join(pid)
    close = open_session(service, account)
    try:
        found = {controller: bound(controller, own[controller]) for controller in own}
        counted = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    finally:
        close()
    lower = [value for value in (found['pids'], None if counted < 0 else counted) if value is not None]
    return dict(found, pids=min(lower, default=None))


def may_make_namespaces(uid):
    def attempt():
        os.setgroups([])
        os.setresuid(uid, uid, uid)
        return {'open': ctypes.CDLL(None).unshare(CLONE_NEWUSER) == 0}
    return in_child(attempt).get('open', True)
