"""Hits: how many requests faults hit, and how long a fault waits for the next one."""

import time
from collections import Counter

from kit.faults import ActiveFault, Faults, RequestFault
from kit.phase import CurrentPhase


class Hits:
    """Count the requests that faults hit, and measure the lulls between them.

    `counts` is by kind of fault and phase of arrival. A lull is the time since a fault of requests was injected or hit
    one, whichever is later.
    """

    def __init__(self, phase: CurrentPhase, faults: Faults) -> None:
        self.counts: Counter[tuple[str, ...]] = Counter()
        self._phase = phase
        self._entered = phase.current
        self._faults = faults
        self._since: dict[ActiveFault, float] = {}
        self._lulls: dict[tuple[str, ...], float] = {}
        phase.on_enter(self._begin)
        faults.on_change(self._follow)

    def add(self, active: ActiveFault) -> None:
        """Note that a fault hits the current task's request now."""
        self.counts[active.fault.kind, self._phase.of_arrival()] += 1
        self._measure()
        if active in self._since:
            self._since[active] = time.monotonic()

    def lulls(self) -> dict[tuple[str, ...], float]:
        """Return by kind and phase the seconds of the longest lull that lasted into the phase, or still lasts."""
        self._measure()
        return self._lulls

    def _begin(self, phase: str) -> None:
        # The phase before ends now, and has its name here still.
        self._measure()
        self._entered = phase
        self._lulls = {labels: seconds for labels, seconds in self._lulls.items() if labels[1] != phase}

    def _follow(self) -> None:
        self._measure()
        now = time.monotonic()
        self._since = {
            active: self._since.get(active, now)
            for active in self._faults.active
            if isinstance(active.fault, RequestFault)
        }

    def _measure(self) -> None:
        now = time.monotonic()
        for active, since in self._since.items():
            labels = active.fault.kind, self._entered
            self._lulls[labels] = max(self._lulls.get(labels, 0.0), now - since)
