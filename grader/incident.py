"""The incident's driver: it tells load and stock services what the plan says, when it says it."""

import math
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

    `ports` by service: the one named `load` plays the arrivals, all others are told phase and faults. `late` is by
    phase how long after it was due something was acknowledged, at worst (seconds); `overdue` says where that was longer
    than a port's patience.
    """

    plan: Plan
    ports: Mapping[str, Port]
    unacknowledged: list[str] = field(default_factory=list)
    overdue: list[str] = field(default_factory=list)
    late: dict[str, float] = field(default_factory=dict)
    _zero: float = 0.0
    _entered: int = 0
    _injected: set[tuple[int, int]] = field(default_factory=set)

    def begin(self) -> None:
        """Hand the plan to the load generator, which names the moment at which it starts."""
        for service in self._stock():
            self.ports[service].ask("DELETE", "/faults")
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
            left, due = self.phase, self._next_edge()
            self._entered += 1
            for service in self._stock():
                self.ports[service].ask("PUT", "/phase", {"name": self.phase.name if self.phase else AFTER})
                self._note(service, due)
            self._replace(left, due)
        self._inject_due()
        return moved

    @property
    def quiet(self) -> float:
        """Return the seconds until something is due; infinity when nothing is any more."""
        if self.over:
            return math.inf
        phase = self.phase
        faults = (
            [phase.start + fault.at for number, fault in enumerate(phase.faults) if self._waits(number)]
            if phase
            else []
        )
        return min([self._next_edge(), *faults]) - self.elapsed

    def _next_edge(self) -> float:
        phases = self.plan.phases
        return phases[self._entered].start if self._entered < len(phases) else phases[-1].end

    def _replace(self, left: PlannedPhase | None, due: float) -> None:
        """Have the faults that a phase begins with follow those of the one before in one step, service by service."""
        begins = [fault for fault in self.phase.faults if not fault.at] if self.phase else []
        faults = [*(left.faults if left else []), *begins]
        services = dict.fromkeys(fault.service for fault in faults)
        # Who takes longest comes last, so that nobody waits for it.
        for service in sorted(services, key=lambda name: self.ports[name].patience if name in self.ports else 0):
            wanted = [fault for fault in begins if fault.service == service]
            self._inject("PUT", wanted, service, [_described(fault) for fault in wanted], due)

    def _waits(self, number: int) -> bool:
        """Tell whether a fault of the current phase is still to come."""
        return bool(self.phase and self.phase.faults[number].at) and (self._entered, number) not in self._injected

    def _inject_due(self) -> None:
        if (phase := self.phase) is None:
            return
        for number, fault in enumerate(phase.faults):
            due = phase.start + fault.at
            if self._waits(number) and self.elapsed >= due:
                self._injected.add((self._entered, number))
                self._inject("POST", [fault], fault.service, _described(fault), due)

    def _inject(self, method: str, faults: Sequence[Fault], service: str, body: object, due: float) -> None:
        try:
            self.ports[service].ask(method, "/faults", body)
            self._note(service, due)
        except (ErError, KeyError) as error:
            kinds = " and ".join(fault.kind for fault in faults) or "healing"
            self.unacknowledged.append(f"{kinds} on `{service}` in `{self._where}`: {error}")

    def _note(self, service: str, due: float) -> None:
        """Note how long after it was due a service has acknowledged something."""
        late = self.elapsed - due
        self.late[self._where] = max(late, self.late.get(self._where, 0.0))
        # Behind the last phase nothing is judged.
        if self.phase and late > self.ports[service].patience:
            self.overdue.append(f"in `{self._where}` what `{service}` was to be told was {late:.1f} s late")

    @property
    def _where(self) -> str:
        return self.phase.name if self.phase else AFTER

    def _stock(self) -> list[str]:
        return [service for service in self.ports if service != "load"]


def _described(fault: Fault) -> dict[str, object]:
    return {"kind": fault.kind, **fault.parameters}
