"""What one service of a run can be told: the phase, and faults."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class InjectedFault:
    """A fault as it is injected into a service: its kind and that kind's parameters."""

    kind: str
    parameters: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class FaultKind:
    """A kind of fault that a service can have, and the names of its parameters."""

    describes: str
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True)
class FaultMenu:
    """The kinds of faults that a service can have, by name, and the faults that are active."""

    kinds: Mapping[str, FaultKind]
    active: Sequence[InjectedFault]


class Port(Protocol):
    """Tell one service phase and faults: its control port does so, or the engine in its stead.

    Every method raises ErError when the service does not answer, or refuses.
    """

    def enter(self, phase: str) -> None:
        """Enter a phase of the incident."""

    def faults(self) -> FaultMenu:
        """Return what can be injected, and what is active."""

    def inject(self, fault: InjectedFault) -> InjectedFault:
        """Inject one more fault; return it as the service acknowledges it, with every default filled in."""

    def replace(self, faults: Sequence[InjectedFault]) -> None:
        """Replace all active faults by these, atomically."""

    def heal(self) -> int:
        """End all faults; return how many were active."""
