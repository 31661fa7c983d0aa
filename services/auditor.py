"""Auditor: reads the journal, and counts orders that do not balance.

Payments, inventory and shipping write the journal.

An order is complete when its stock is held, its money taken and its parcel sent, each once. It is undone when nothing
of that is left. Every other order is half done.
"""

import time
from collections import Counter, defaultdict

from kit.journal import Journal
from kit.service import StockService

QUIET_SECONDS = 5.0
"""An order about which nothing was written for this long is not in progress, but left.

A right fix takes less between two steps of an order, unless its replica was killed.
"""

service = StockService("auditor")
journal = Journal()


class OrderBalance:
    """Sum the journal's entries about one order."""

    def __init__(self) -> None:
        self._done: Counter[str] = Counter()
        self._out_of_order = False
        self._overruled = False
        self._noted = 0.0

    def note(self, entry: str) -> None:
        """Add one entry."""
        if entry == "release" and self._done["charge"] and not self._done["refund"]:
            self._out_of_order = True
        if entry == "shipment" and self._done["refusal"]:
            self._overruled = True
        self._done[entry] += 1
        self._noted = time.monotonic()

    @property
    def _left(self) -> bool:
        return time.monotonic() - self._noted > QUIET_SECONDS

    def findings(self) -> dict[str, bool]:
        """Return each finding, and whether it is true of the order."""
        done = self._done
        held, paid, shipped = done["hold"] - done["release"], done["charge"] - done["refund"], done["shipment"]
        return {
            "brought": bool(shipped or done["refusal"]),
            "money": paid != shipped,
            "paid-for-nothing": paid > 0 and not shipped and self._left,
            "stock": held != shipped,
            "half-done": not held == paid == shipped,
            "out-of-order": self._out_of_order,
            "overruled": self._overruled,
        }


orders: defaultdict[str, OrderBalance] = defaultdict(OrderBalance)


def audit() -> Counter[tuple[str, ...]]:
    """Read new entries of the journal.

    Return the number of orders by finding.
    `brought`: shipping has sent or refused it. `money`, `stock`: more or less of it was taken than was sent.
    `half-done`: either of the two. `paid-for-nothing`: it is paid for, not sent, and left.
    `out-of-order`: its stock was released before its charge was refunded.
    `overruled`: shipping refused it first, and sent it later.
    """
    for number, entry in journal.unread():
        orders[number].note(entry)
    found: Counter[tuple[str, ...]] = Counter({(finding,): 0 for finding in OrderBalance().findings()})
    for order in orders.values():
        found.update((finding,) for finding, true in order.findings().items() if true)
    return found


service.telemetry.gauge("audited_orders", "Orders, by what is to say of them.", ("finding",), audit)
