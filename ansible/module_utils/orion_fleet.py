"""Which fleet the node belongs to, and that its fence number is that fleet's.

An order names its fleet, and the node keeps the first fleet that gave it one: another Orion's order is refused before
anything is changed. A person may let the order name the fleet that the node is taken from (`adopt`). The stamp is the
controller's own proof of the number that it comes with; the node only keeps it and gives it back.
"""
import re

FLEET = re.compile(r'^f_[0-9a-f]{24}\Z')
STAMP = re.compile(r'^[A-Za-z0-9_-]{43}\Z')


def read_mark(stored):
    """(fleet, stamp) of what the node has stored; a ValueError when it is neither a mark nor none."""
    fleet, stamp = stored.get('fleet'), stored.get('fence_stamp')
    if fleet is not None and not FLEET.match(fleet):
        raise ValueError('no fleet')
    return fleet, stamp if stamp is not None and STAMP.match(stamp) else None


def why_foreign(mark, order):
    """What to tell an order of another fleet; None for one of the node's own, or by hand, which names none."""
    fleet = order.get('id')
    if not fleet or mark is None or mark in (fleet, order.get('adopt')):
        return None
    return 'the node belongs to the fleet %s, the order is of the fleet %s; nothing was changed' % (mark, fleet)
