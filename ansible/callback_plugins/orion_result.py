"""Writes the answer of a playbook's only task to the file that ORION_RESULT names, for the daemon to read.

ansible-core has no JSON callback of its own (it moved to a collection), and its text is made for people.
Used only when ANSIBLE_STDOUT_CALLBACK names it: playbooks run by hand print as always.
"""
from __future__ import annotations

DOCUMENTATION = r'''
name: orion_result
type: stdout
short_description: One JSON object per run, in a file
description: [Writes the outcome of the last task as one JSON object.]
'''

import json
import os

from ansible.plugins.callback import CallbackBase

LONGEST_TEXT = 2000
WANTED = ('msg', 'changed', 'orion', 'orion_reason', 'rc', 'module_stderr', 'module_stdout')


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'stdout'
    CALLBACK_NAME = 'orion_result'

    def _write(self, outcome, result):
        # Only the named fields: the invocation, with the variables in it, stays out.
        answer = {name: result._result[name] for name in WANTED if name in result._result}
        for name, value in answer.items():
            if isinstance(value, str):
                # A traceback says most in its last lines.
                answer[name] = value[:LONGEST_TEXT] if name == 'msg' else value[-LONGEST_TEXT:]
        answer.update(outcome=outcome, task=result._task.get_name())
        path = os.environ['ORION_RESULT']
        with open(path + '.new', 'w') as stream:
            json.dump(answer, stream, default=str)
        os.rename(path + '.new', path)

    def v2_runner_on_ok(self, result, **kwargs):
        self._write('ok', result)

    def v2_runner_on_failed(self, result, ignore_errors=False, **kwargs):
        self._write('failed', result)

    def v2_runner_on_unreachable(self, result):
        self._write('unreachable', result)

    def v2_runner_on_skipped(self, result):
        self._write('skipped', result)
