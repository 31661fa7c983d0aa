"""The port of a service: it takes the phase and faults."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class InjectedFault:
    """A fault in a service: its kind and the kind's parameters."""

    kind: str
    parameters: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class FaultKind:
    """A kind of fault, and the names of its parameters."""

    describes: str
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True)
class FaultMenu:
    """A service's kinds of faults by name, and its active faults."""

    kinds: Mapping[str, FaultKind]
    active: Sequence[InjectedFault]


class Port(Protocol):
    """Control the phase and the faults of one service.

    `by_hand` are the parameters of a fault that no incident ends. Every method raises ErError when the service does not
    answer, or refuses.
    """

    by_hand: Mapping[str, object]

    def enter(self, phase: str) -> None:
        """Enter a phase of the incident."""

    def faults(self) -> FaultMenu:
        """Return the faults that can be injected, and the active ones."""

    def inject(self, fault: InjectedFault) -> InjectedFault:
        """Inject one more fault, and return it with all its defaults."""

    def replace(self, faults: Sequence[InjectedFault]) -> None:
        """Replace all active faults by these, atomically."""

    def heal(self) -> int:
        """End all faults and return their number."""
