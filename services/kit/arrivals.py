"""Arrivals: each request with the phase in which it came and the status with which it went."""

import time
from collections import Counter, deque

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kit.app import is_upkeep
from kit.phase import Phase

UNANSWERED = "none"
"""The status of a request whose connection closed before an answer began."""


PEAK_SECONDS = 0.1


class Peaks:
    """The most arrivals within any PEAK_SECONDS, by the phase in which the last of them came."""

    def __init__(self, phase: Phase) -> None:
        self.by_phase: dict[str, int] = {}
        self._recent: deque[float] = deque()
        phase.on_enter(self._begin)
        self._begin(phase.current)

    def note(self, phase: str) -> None:
        """Note an arrival now."""
        now = time.monotonic()
        self._recent.append(now)
        while self._recent[0] <= now - PEAK_SECONDS:
            self._recent.popleft()
        self.by_phase[phase] = max(self.by_phase[phase], len(self._recent))

    def _begin(self, phase: str) -> None:
        self.by_phase[phase] = 0
        self._recent.clear()


class Arrivals:
    """ASGI middleware: note when and in which phase each request arrives; count it by phase and status at its end."""

    def __init__(self, app: ASGIApp, phase: Phase, peaks: Peaks, counts: Counter[tuple[str, ...]]) -> None:
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
            # What is outside of this answers it so.
            status = "500"
            raise
        finally:
            self._counts[phase, status] += 1
