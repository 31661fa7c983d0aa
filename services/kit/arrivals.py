"""Arrivals: counts of requests by phase of arrival and status, and their peaks."""

import time
from collections import Counter, deque

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kit.app import is_upkeep
from kit.phase import CurrentPhase

UNANSWERED = "none"
"""The status of a request whose connection closed before an answer began."""

PEAK_SECONDS = 0.1


class ArrivalPeaks:
    """Find the most arrivals within PEAK_SECONDS, by phase, leaving out the worst second.

    After a stall of the machine, all requests that waited arrive at one instant. That happens in one second and is
    not a thundering herd, which comes again with its next cause.
    """

    def __init__(self, phase: CurrentPhase) -> None:
        self.by_phase: dict[str, int] = {}
        phase.on_enter(self._begin)
        self._begin(phase.current)

    def note(self, phase: str) -> None:
        """Note an arrival now."""
        now = time.monotonic()
        if now - self._began >= 1:
            self._began += int(now - self._began)
            self._worst, self._peak = self._two_worst(), 0
            self._recent.clear()
        self._recent.append(now)
        while self._recent[0] <= now - PEAK_SECONDS:
            self._recent.popleft()
        self._peak = max(self._peak, len(self._recent))
        self.by_phase[phase] = self._two_worst()[0]

    def _two_worst(self) -> list[int]:
        return sorted([*self._worst, self._peak])[-2:]

    def _begin(self, phase: str) -> None:
        self.by_phase[phase] = 0
        self._began = time.monotonic()
        self._worst, self._peak = [0, 0], 0
        self._recent: deque[float] = deque()


class Arrivals:
    """Count requests by phase of arrival and status (ASGI middleware)."""

    def __init__(
        self, app: ASGIApp, phase: CurrentPhase, peaks: ArrivalPeaks, counts: Counter[tuple[str, ...]]
    ) -> None:
        self._app = app
        self._phase = phase
        self._peaks = peaks
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if is_upkeep(scope):
            await self._app(scope, receive, send)
            return
        phase = self._phase.arrive()
        self._peaks.note(phase)
        status = UNANSWERED

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except Exception:
            # The server outside of this middleware answers an exception with 500.
            status = "500"
            raise
        finally:
            self._counts[phase, status] += 1
