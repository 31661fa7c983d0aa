"""The ledger: counts of the work that was done, by account and phase."""

from collections import Counter

from kit.phase import CurrentPhase


class Ledger:
    """Count work by entry, account and the phase in which its request arrived."""

    def __init__(self, phase: CurrentPhase) -> None:
        self.counts: Counter[tuple[str, ...]] = Counter()
        self._phase = phase

    def record(self, entry: str, account: str) -> None:
        """Record one `entry`, such as `charge`, for an `account`."""
        self.counts[entry, account, self._phase.of_arrival()] += 1
