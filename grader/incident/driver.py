"""Drive an incident: enter phases and inject faults as planned."""

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from grader.base.errors import ErError
from grader.course.manifest import Fault
from grader.engine.port import InjectedFault, Port
from grader.engine.project import Ports
from grader.incident.plan import Plan, PlannedPhase

AFTER = "after"
"""The phase of stock services after the last one of the plan."""


@dataclass
class Incident:
    """One play of a plan on running services.

    `advance` is called often and never waits. The service named `load` plays the arrivals; all others take phase and
    faults. `late` is, by phase, the longest time in seconds between the moment at which something was due and the
    driver's call. The time that a service takes to answer does not count, because the patient may cause it.
    """

    plan: Plan
    ports: Ports
    unacknowledged: list[str] = field(default_factory=list)
    late: dict[str, float] = field(default_factory=dict)
    _zero: float = 0.0
    _acted: float = 0.0
    _entered: int = 0
    _injected: set[tuple[int, int]] = field(default_factory=set)

    def begin(self) -> None:
        """End the faults of an earlier incident and hand the plan to the load generator."""
        for port in self._stock():
            port.replace([])
        self._zero = time.monotonic() + self.ports.control["load"].play(self.plan.for_load())

    @property
    def elapsed(self) -> float:
        """Return the seconds since the incident's start, negative before it."""
        return time.monotonic() - self._zero

    @property
    def phase(self) -> PlannedPhase | None:
        """Return the current phase, None before and after the plan."""
        return self.plan.phases[self._entered - 1] if 0 < self._entered <= len(self.plan.phases) else None

    @property
    def over(self) -> bool:
        """Tell whether the last phase has ended."""
        return self._entered > len(self.plan.phases)

    @property
    def ended(self) -> int:
        """Return the number of phases that have ended."""
        return max(0, self._entered - 1)

    def advance(self) -> bool:
        """Enter the next phase and inject faults, if they are due.

        Returns True when a phase began or the last one ended.
        """
        now = self.elapsed
        moved = not self.over and now >= self._next_edge()
        if moved:
            left, due = self.phase, self._next_edge()
            self._entered += 1
            self._note_late(now, due)
            for port in self._stock():
                port.enter(self.phase.name if self.phase else AFTER)
            self._replace(left)
        if self._inject_due(now) or moved:
            self._acted = self.elapsed
        return moved

    @property
    def quiet(self) -> float:
        """Return the seconds until something is due, infinity after the plan."""
        if self.over:
            return math.inf
        return min([self._next_edge(), *(due for due, _, _ in self._to_come())]) - self.elapsed

    def kills(self, service: str) -> bool:
        """Tell whether the current phase kills a service."""
        faults = self.phase.faults if self.phase else []
        return any((fault.service, fault.kind) == (service, "kill") for fault in faults)

    def _next_edge(self) -> float:
        phases = self.plan.phases
        return phases[self._entered].start if self._entered < len(phases) else phases[-1].end

    def _replace(self, left: PlannedPhase | None) -> None:
        """Replace each service's faults atomically at a phase edge."""
        begins = [fault for fault in self.phase.faults if not fault.at] if self.phase else []
        faults = [*(left.faults if left else []), *begins]
        for service in dict.fromkeys(fault.service for fault in faults):
            wanted = [fault for fault in begins if fault.service == service]
            with self._acknowledged(service, wanted):
                self.ports.all[service].replace([_injected(fault) for fault in wanted])

    def _to_come(self) -> list[tuple[float, int, Fault]]:
        """Return due second, number and fault for each pending fault."""
        if (phase := self.phase) is None:
            return []
        return [
            (phase.start + fault.at, number, fault)
            for number, fault in enumerate(phase.faults)
            if fault.at and (self._entered, number) not in self._injected
        ]

    def _inject_due(self, now: float) -> bool:
        """Inject the faults that are due, and tell whether there were any."""
        overdue = [waiting for waiting in self._to_come() if now >= waiting[0]]
        for due, number, fault in overdue:
            self._injected.add((self._entered, number))
            self._note_late(now, due)
            with self._acknowledged(fault.service, [fault]):
                self.ports.all[fault.service].inject(_injected(fault))
        return bool(overdue)

    @contextmanager
    def _acknowledged(self, service: str, faults: Sequence[Fault]) -> Iterator[None]:
        """Note faults that a service does not acknowledge."""
        try:
            yield
        except (ErError, KeyError) as error:
            kinds = " and ".join(fault.kind for fault in faults) or "healing"
            self.unacknowledged.append(
                f"{kinds} on `{service}` in `{self.phase.name if self.phase else AFTER}`: {error}"
            )

    def _note_late(self, now: float, due: float) -> None:
        """Note how late the driver is, unless the plan is over."""
        if self.phase:
            late = max(0.0, now - max(due, self._acted))
            self.late[self.phase.name] = max(late, self.late.get(self.phase.name, 0.0))

    def _stock(self) -> Iterator[Port]:
        """Give the ports of all services but the load generator."""
        return (port for service, port in self.ports.all.items() if service != "load")


def _injected(fault: Fault) -> InjectedFault:
    return InjectedFault(fault.kind, fault.parameters)
