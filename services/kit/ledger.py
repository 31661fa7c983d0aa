"""The ledger: what was really done, for whom, in which phase."""

from collections import Counter

from kit.phase import CurrentPhase


class Ledger:
    """Count what was done by entry, account and the phase in which its request arrived."""

    def __init__(self, phase: CurrentPhase) -> None:
        self.counts: Counter[tuple[str, ...]] = Counter()
        self._phase = phase

    def record(self, entry: str, account: str) -> None:
        """Record that one `entry` (what was done) was done for `account` (for whom)."""
        self.counts[entry, account, self._phase.of_arrival()] += 1
