"""Returns: how closely together orders come back that a hang has cut off together."""

import json
import time

from kit.phase import CurrentPhase
from kit.window import most_within

TOGETHER_SECONDS = 0.1


class Returns:
    """Measure how closely together a caller's orders come back after a hang has reset them all.

    The orders that one caller loses to one hang are a group, in the phase in which the hang ends. Their number is
    `order` in the JSON body. An order has come back when its next request arrives in the same phase.
    """

    def __init__(self, phase: CurrentPhase) -> None:
        self._phase = phase
        self._groups: dict[str, dict[tuple[int, str], list[float]]] = {}
        self._expected: dict[tuple[str, object], list[float]] = {}
        phase.on_enter(self._begin)
        self._begin(phase.current)

    @property
    def expected(self) -> bool:
        """Tell whether an order that was cut off has not come back yet."""
        return bool(self._expected)

    def cut_off(self, caller: str, body: bytes, hang: int) -> None:
        """Note that the end of the hang of this number resets a request."""
        if order := _order(body):
            self._expected[caller, order] = self._groups[self._phase.current].setdefault((hang, caller), [])

    def arrive(self, caller: str, body: bytes) -> None:
        """Note that a request arrives now."""
        group = self._expected.pop((caller, _order(body)), None)
        if group is not None:
            group.append(time.monotonic())

    def together(self) -> dict[tuple[str, ...], float]:
        """Return by phase which share of the orders came back in the busiest TOGETHER_SECONDS of their group.

        It is 0 when none came back.
        """
        shares: dict[tuple[str, ...], float] = {}
        for phase, groups in self._groups.items():
            back = sum(map(len, groups.values()))
            most = sum(most_within(TOGETHER_SECONDS, group) for group in groups.values())
            shares[phase,] = most / back if back else 0.0
        return shares

    def _begin(self, phase: str) -> None:
        self._groups[phase] = {}
        self._expected.clear()


def _order(body: bytes) -> str | None:
    """Return the number of the order in a JSON body, or None."""
    try:
        order = json.loads(body)["order"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return order if isinstance(order, str) else None
