"""A play: one plan's schedule under way."""

import time
from collections import Counter

import gevent

from kit.receipts import Receipts
from loadtests.record import Record
from loadtests.schedule import Arrival, Plan


class Play:
    """The arrivals of a plan from its start on (`zero`, seconds of the monotonic clock), and how far they have come."""

    def __init__(
        self, plan: Plan, arrivals: dict[str, list[Arrival]], zero: float, record: Record, secret: str
    ) -> None:
        self.plan = plan
        self.zero = zero
        self.record = record
        self.receipts = Receipts(secret)
        self._arrivals = arrivals
        self._left = Counter(arrival.phase for mine in arrivals.values() for arrival in mine)

    def arrivals(self, kind: str) -> list[Arrival]:
        """Return a kind's arrivals in order."""
        return self._arrivals[kind]

    @property
    def elapsed(self) -> float:
        """Return the seconds since the plan's start; negative before it."""
        return time.monotonic() - self.zero

    @property
    def phase(self) -> str:
        """Return the name of the phase that the plan is in now."""
        end = 0.0
        for phase in self.plan.phases:
            end += phase.seconds
            if self.elapsed < end:
                return phase.name
        return ""

    def sleep_until(self, at: float) -> None:
        """Wait until a time of the plan; return at once when it has gone by."""
        if (seconds := at - self.elapsed) > 0:
            gevent.sleep(seconds)

    def visit_ended(self, phase: str) -> None:
        """Note that a visit which began in a phase has ended."""
        self._left[phase] -= 1
        self.settle()

    def settle(self) -> None:
        """Count the leading phases that are over and whose visits have all ended."""
        end, settled = 0.0, 0
        for phase in self.plan.phases:
            end += phase.seconds
            if self._left[phase.name] or self.elapsed < end:
                break
            settled += 1
        self.record.settled_phases = settled

    @property
    def finished(self) -> bool:
        """Tell whether all phases have settled."""
        self.settle()
        return self.record.settled_phases == len(self.plan.phases)
