"""Which fleet the node belongs to. The node's fence number is that fleet's.

An order names its fleet, and the node keeps the first fleet that gave it one: another Orion's order is refused before
anything is changed. A person may have the order name the fleet that the node is taken from (`adopt`). The stamp is
the controller's own proof of the fence number it comes with; the node only stores it and returns it.
"""
import re

FLEET = re.compile(r'^f_[0-9a-f]{24}\Z')
STAMP = re.compile(r'^[A-Za-z0-9_-]{43}\Z')


def read_mark(stored):
    """(fleet, stamp) as the node has stored them; a ValueError when the fleet is malformed."""
    fleet, stamp = stored.get('fleet'), stored.get('fence_stamp')
    if fleet is not None and not FLEET.match(fleet):
        raise ValueError('no fleet')
    return fleet, stamp if stamp is not None and STAMP.match(stamp) else None


def why_foreign(mark, order):
    """Why the order of another fleet is refused; None for the node's own fleet, or by hand, where none is named."""
    fleet = order.get('id')
    if not fleet or mark is None or mark in (fleet, order.get('adopt')):
        return None
    return 'the node belongs to the fleet %s, the order came from the fleet %s; nothing was changed' % (mark, fleet)
