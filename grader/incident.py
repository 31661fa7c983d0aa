"""The incident's driver: it tells load and stock services what the plan says, when it says it."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from grader.control import Port
from grader.errors import ErError
from grader.manifest import Fault
from grader.plan import Plan, PlannedPhase

AFTER = "after"
"""The phase that stock services are in when the plan is over."""


@dataclass
class Incident:
    """One play of a plan on running services; `advance` is called often and never waits.

    `ports` by service: the one named `load` plays the arrivals, all others are told phase and faults.
    """

    plan: Plan
    ports: Mapping[str, Port]
    unacknowledged: list[str] = field(default_factory=list)
    _zero: float = 0.0
    _entered: int = 0
    _injected: set[tuple[int, int]] = field(default_factory=set)

    def begin(self) -> None:
        """Hand the plan to the load generator, which names the moment at which it starts."""
        self._tell_stock("DELETE", "/faults")
        started = self.ports["load"].ask("POST", "/play", self.plan.for_load())
        self._zero = time.monotonic() + float(started["starts_in"])

    @property
    def elapsed(self) -> float:
        """Return the seconds since the incident's start; negative before it."""
        return time.monotonic() - self._zero

    @property
    def phase(self) -> PlannedPhase | None:
        """Return the phase that the services are in, or None before the first and after the last."""
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
        """Do what is due: enter the next phase, inject faults; tell whether a phase began or the last one ended."""
        moved = not self.over and self.elapsed >= self._next_edge()
        if moved:
            left = self.phase
            self._entered += 1
            self._tell_stock("PUT", "/phase", {"name": self.phase.name if self.phase else AFTER})
            self._replace(left)
        self._inject_due()
        return moved

    def _next_edge(self) -> float:
        phases = self.plan.phases
        return phases[self._entered].start if self._entered < len(phases) else phases[-1].end

    def _replace(self, left: PlannedPhase | None) -> None:
        """Have the faults that a phase begins with follow those of the one before in one step, service by service."""
        begins = [fault for fault in self.phase.faults if not fault.at] if self.phase else []
        faults = [*(left.faults if left else []), *begins]
        for service in dict.fromkeys(fault.service for fault in faults):
            wanted = [fault for fault in begins if fault.service == service]
            self._inject("PUT", service, wanted, [_described(fault) for fault in wanted])

    def _inject_due(self) -> None:
        if (phase := self.phase) is None:
            return
        for number, fault in enumerate(phase.faults):
            key = (self._entered, number)
            if not fault.at or key in self._injected or self.elapsed < phase.start + fault.at:
                continue
            self._injected.add(key)
            self._inject("POST", fault.service, [fault], _described(fault))

    def _inject(self, method: str, service: str, faults: Sequence[Fault], body: object) -> None:
        try:
            self.ports[service].ask(method, "/faults", body)
        except (ErError, KeyError) as error:
            kinds = " and ".join(fault.kind for fault in faults) or "healing"
            self.unacknowledged.append(
                f"{kinds} on `{service}` in `{self.phase.name if self.phase else AFTER}`: {error}"
            )

    def _tell_stock(self, method: str, path: str, body: object = None) -> None:
        for service, port in self.ports.items():
            if service != "load":
                port.ask(method, path, body)


def _described(fault: Fault) -> dict[str, object]:
    return {"kind": fault.kind, **fault.parameters}
