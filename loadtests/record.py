"""The record: unsampled counts of intended, sent and answered requests, by kind and phase."""

from collections import Counter
from collections.abc import Iterable

from loadtests.bucket import Where
from loadtests.latency import Latencies

STATUSES = ("200", "timeout", "error")
"""Statuses that exist from the start in every lab; others are exported once they occur."""


class Record:
    """Count requests over all plays, because the live lab loops."""

    def __init__(self) -> None:
        self.intended: Counter[Where] = Counter()
        self.sent: Counter[Where] = Counter()
        self.responses: Counter[tuple[str, ...]] = Counter()
        self.tallies: Counter[tuple[str, ...]] = Counter()
        self.promised: Counter[Where] = Counter()
        self.beyond: Counter[Where] = Counter()
        self.latencies = Latencies()
        self.lag: dict[tuple[str, ...], float] = {}

    def expect(self, kind: str, phase: str, tallies: Iterable[str]) -> None:
        """Create all series of a kind in a phase at zero.

        A missing series then means an error.
        """
        self.lag[phase,] = 0.0
        for counts in (self.intended, self.sent, self.promised, self.beyond):
            counts[kind, phase] += 0
        for status in STATUSES:
            self.responses[kind, phase, status] += 0
        self.latencies.expect((kind, phase, STATUSES[0]))
        for tally in tallies:
            self.tallies[kind, phase, tally] += 0

    def intend(self, where: Where, lag: float) -> None:
        """Count a request that was due `lag` seconds ago."""
        self.intended[where] += 1
        _, phase = where
        self.lag[phase,] = max(self.lag[phase,], lag)

    def end(self, where: Where, status: str, latency: float) -> None:
        """Count an ended request.

        `latency` is in seconds from its intended time.
        """
        self.responses[*where, status] += 1
        self.latencies.add((*where, status), latency)
