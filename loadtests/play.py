"""A play: the execution of one plan's schedule."""

import math
import time
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

import gevent

from kit.receipts import Receipts
from loadtests.bucket import Reference
from loadtests.plan import LoadPlan
from loadtests.record import Record
from loadtests.schedule import schedule
from loadtests.spread import Spread
from loadtests.subjects import draw_names

if TYPE_CHECKING:
    from loadtests.users import OpenUser

SHORTEST_NOTICE = 0.2
"""A play begins at the next whole wall-clock second that is at least this far away."""


class Play:
    """Run one plan's arrivals from `zero` on, in seconds of the monotonic clock."""

    def __init__(self, plan: LoadPlan, kinds: Iterable[type["OpenUser"]], record: Record, receipts: Receipts) -> None:
        self.plan = plan
        self.spread = Spread(plan)
        self.record = record
        self.receipts = receipts
        kinds = list(kinds)
        self.arrivals = schedule(plan, {kind.kind(): kind.arrivals for kind in kinds})
        self._unended = Counter(arrival.phase for arrivals in self.arrivals.values() for arrival in arrivals)
        names = draw_names(plan.seed, [kind.subjects for kind in kinds if kind.subjects])
        self.subjects = {kind.kind(): names[kind.subjects] if kind.subjects else () for kind in kinds}
        # Kinds that share a subject share its bucket.
        self.references = {
            name: Reference(kind.promise, record.promised, record.beyond)
            for kind in kinds
            if kind.promise
            for name in self.subjects[kind.kind()]
        }
        now = time.time()
        self.zero = time.monotonic() + math.ceil(now + SHORTEST_NOTICE) - now

    @property
    def elapsed(self) -> float:
        """Return the seconds since the play's start.

        Negative before it.
        """
        return time.monotonic() - self.zero

    @property
    def phase(self) -> str | None:
        """Return the name of the current phase, or None after the last."""
        elapsed = self.elapsed
        phases = zip(self.plan.phases, self.plan.ends, strict=True)
        return next((phase.name for phase, end in phases if elapsed < end), None)

    @property
    def settled_phases(self) -> int:
        """Return the number of leading phases whose time and visits have ended."""
        elapsed = self.elapsed
        unsettled = (index for index, end in enumerate(self.plan.ends) if elapsed < end or self._unended[index])
        return next(unsettled, len(self.plan.phases))

    def visit_ended(self, phase: int) -> None:
        """Note that a visit which began in the phase of this index has ended."""
        self._unended[phase] -= 1

    @staticmethod
    def sleep_until(moment: float) -> None:
        """Sleep until a time of the monotonic clock, not at all if it has passed."""
        # Repeated because a timer may fire a little early, and a request must not be early.
        while (seconds := moment - time.monotonic()) > 0:
            gevent.sleep(seconds)
