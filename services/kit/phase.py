"""The current phase of the incident, as its driver has announced it."""

from collections.abc import Callable
from contextvars import ContextVar

IDLE = "idle"
"""The phase before the first."""

_arrival: ContextVar[str] = ContextVar("arrival")


class CurrentPhase:
    """Track the current phase, and the phase in which each request arrived."""

    def __init__(self) -> None:
        self.current = IDLE
        self._listeners: list[Callable[[str], None]] = []

    def on_enter(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with the name of each phase that is entered from now on."""
        self._listeners.append(listener)

    def enter(self, name: str) -> None:
        """Enter the phase of this name."""
        self.current = name
        for listener in self._listeners:
            listener(name)

    def arrive(self) -> str:
        """Note and return the phase in which the current task's request arrives."""
        _arrival.set(self.current)
        return self.current

    def of_arrival(self) -> str:
        """Return the phase in which this request arrived, or the current one outside of requests."""
        return _arrival.get(self.current)
