"""How far a removal has come, what it could not remove, and when it has to stop."""
import re

from ansible.module_utils.orion_node import Refusal, reason_of

MOST_TOLD, LONGEST_TOLD, STEPS_PER_LOOK_AT_THE_CLOCK = 5, 160, 64


def printable(text):
    """Tenants choose names: they are bounded, and hold nothing that a terminal or JSON stumbles over."""
    return re.sub(r'[^\x20-\x7e]', '?', text)[:LONGEST_TOLD]


class Progress:
    """One removal with its deadline, what it has removed, and what it could not remove."""

    def __init__(self, is_late=lambda: False):
        self.is_late, self.removed, self.moved, self.steps = is_late, 0, 0, 0
        self.troubles, self.untold, self.reason = [], 0, 'PlaybookFailed'

    def attempt(self, what, work):
        """Notes a failure, so that what comes after it is still done."""
        try:
            return work()
        except Refusal as refusal:
            if refusal.reason == 'RemovalUnfinished':
                raise
            self.note(what, refusal)
        except OSError as error:
            self.note(what, error)
        return 0

    def note(self, what, problem):
        if isinstance(problem, Refusal) and self.reason == 'PlaybookFailed':
            self.reason = reason_of(problem)
        text = '%s: %s' % (printable(what), getattr(problem, 'strerror', None) or problem)
        if text in self.troubles:
            return
        if len(self.troubles) < MOST_TOLD:
            self.troubles.append(text)
        else:
            self.untold += 1

    def finish(self):
        if self.troubles:
            more = ['and more'] if self.untold else []
            raise Refusal(self.reason, 'not removed: %s' % '; '.join(self.troubles + more))

    def step(self):
        self.steps += 1
        if self.steps % STEPS_PER_LOOK_AT_THE_CLOCK == 0 and self.is_late():
            if self.removed == 0:
                raise Refusal('PlaybookFailed', 'the walk for files did not end in time')
            raise Refusal('RemovalUnfinished', '%d entries were removed, and there are more; the next try goes on'
                          % self.removed)
