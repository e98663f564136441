#!/usr/bin/python3
"""Runs playbooks in forks of a process that has already imported Ansible (saves about a second per run).

Speaks JSON lines. In: {"id", "args", "env", "cwd", "output", "memory"}, where `memory` is the most bytes of address
space that the run may have. Out: {"ready"} once, {"id", "pid"} when a run has started, {"id", "code"} when it has
ended. Each run is a session of its own, so that it can be killed as a group. When stdin ends, or this process dies,
the runs are killed: a dead daemon leaves none behind.
"""
from __future__ import annotations

import ctypes
import gc
import json
import os
import resource
import select
import signal
import sys

PR_SET_PDEATHSIG = 1


def import_everything():
    """Imports what a run would import. Only speed depends on it, so what another version lacks is skipped."""
    from ansible.cli.playbook import PlaybookCLI
    import importlib
    for name in ('ansible.executor.playbook_executor', 'ansible.executor.task_executor', 'ansible.executor.module_common',
                 'ansible.executor.process.worker', 'ansible.plugins.strategy.linear', 'ansible.plugins.connection.ssh',
                 'ansible.plugins.action.normal', 'ansible.plugins.shell.sh', 'ansible.plugins.become.sudo',
                 'ansible.plugins.inventory.yaml', 'ansible.plugins.callback.default', 'ansible.plugins.vars.host_group_vars',
                 'ansible.plugins.filter.core', 'ansible.plugins.filter.mathstuff', 'ansible.plugins.filter.urls',
                 'ansible.plugins.test.core', 'ansible.plugins.lookup.env', 'ansible.module_utils.basic', 'ansible.template',
                 'ansible.galaxy', 'cryptography.hazmat.primitives.ciphers', 'yaml', 'jinja2.ext', 'pty', 'getpass', 'zipfile'):
        try:
            importlib.import_module(name)
        except Exception:  # noqa: BLE001
            pass
    return PlaybookCLI


def load_plugins():
    """Every run lists filters, tests, variable plugins and their options. The forks inherit the lists made here."""
    from ansible.plugins import loader
    if hasattr(loader, 'init_plugin_loader'):
        loader.init_plugin_loader()
    for kind in ('filter_loader', 'test_loader', 'vars_loader', 'callback_loader', 'connection_loader'):
        try:
            list(getattr(loader, kind).all(class_only=True))
        except Exception:  # noqa: BLE001
            pass
    for kind, name in (('strategy_loader', 'linear'), ('connection_loader', 'ssh'), ('action_loader', 'ansible.legacy.normal'),
                       ('shell_loader', 'sh'), ('become_loader', 'sudo'), ('inventory_loader', 'yaml'),
                       ('callback_loader', 'orion_result'), ('cache_loader', 'memory')):
        try:
            getattr(loader, kind).get(name, class_only=True)
        except Exception:  # noqa: BLE001
            pass


def build_payload_cache(ansible_dir):
    """Lets Ansible pack the project's modules once; the forks find the packages in the temporary directory."""
    try:
        from ansible.executor.module_common import modify_module
        from ansible.parsing.dataloader import DataLoader
        from ansible.plugins import loader
        from ansible.template import Templar
        loader.module_loader.add_directory(os.path.join(ansible_dir, 'library'))
        loader.module_utils_loader.add_directory(os.path.join(ansible_dir, 'module_utils'))
        for name in ('orion_prepare', 'orion_account', 'orion_remove_account', 'orion_verify'):
            path = os.path.join(ansible_dir, 'library', name + '.py')
            modify_module(name, path, {}, Templar(loader=DataLoader()), task_vars={}, remote_is_local=False)
    except Exception:  # noqa: BLE001 - then each run packs for itself
        pass


def run_in_fork(cli, order):
    """Never returns. Keeps nothing of the parent but its imports."""
    code = 250
    try:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_AS, (order['memory'], order['memory']))
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDONLY)
        output = os.open(order['output'], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(nothing, 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.chdir(order['cwd'])
        os.environ.update(order['env'])
        cli.cli_executor(['ansible-playbook'] + order['args'])
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    except BaseException as error:  # noqa: BLE001
        os.write(2, ('ERROR! %s: %s\n' % (type(error).__name__, error)).encode())
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)  # no exit handlers: they would remove what the other forks still use


class Runner:
    def __init__(self, cli):
        self.cli, self.running = cli, {}

    def say(self, message):
        line = (json.dumps(message) + '\n').encode()
        while line:
            line = line[os.write(1, line):]

    def start(self, order):
        pid = os.fork()
        if pid == 0:
            run_in_fork(self.cli, order)
        self.running[pid] = order['id']
        self.say({'id': order['id'], 'pid': pid})

    def reap(self):
        while self.running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            if pid in self.running:
                self.say({'id': self.running.pop(pid), 'code': os.waitstatus_to_exitcode(status)})

    def serve(self):
        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_read, False)
        os.set_blocking(wake_write, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_write)
        self.say({'ready': True})
        pending = b''
        while True:
            readable, _, _ = select.select([0, wake_read], [], [])
            if wake_read in readable:
                os.read(wake_read, 4096)
                self.reap()
            if 0 in readable:
                chunk = os.read(0, 65536)
                if not chunk:
                    return
                *lines, pending = (pending + chunk).split(b'\n')
                for line in lines:
                    self.start(json.loads(line))

    def kill_all(self):
        for pid in self.running:
            try:
                os.killpg(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


def main():
    # A terminal's Ctrl-C goes to the whole foreground group; the daemon decides when this process ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    runner = Runner(import_everything())
    load_plugins()
    build_payload_cache(os.path.dirname(os.path.abspath(__file__)))
    gc.collect()
    gc.freeze()  # keeps the collector from touching, and so copying, every imported page in each fork
    try:
        runner.serve()
    finally:
        runner.kill_all()


if __name__ == '__main__':
    main()
