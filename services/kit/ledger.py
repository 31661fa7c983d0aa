"""The ledger: what was really done, for whom, in which phase."""

from collections import Counter

from kit.phase import Phase


class Ledger:
    """Count entries by account and by the phase in which their request arrived."""

    def __init__(self, phase: Phase) -> None:
        self._phase = phase
        self.counts: Counter[tuple[str, str, str]] = Counter()

    def record(self, entry: str, account: str) -> None:
        """Record one entry (what was done) for an account (for whom)."""
        self.counts[entry, account, self._phase.of_arrival()] += 1
