"""Arrivals: counts of requests by phase of arrival and status."""

from collections import Counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kit.app import is_upkeep
from kit.phase import CurrentPhase

UNANSWERED = "none"
"""The status of a request whose connection closed before an answer began."""


class Arrivals:
    """Count requests by phase of arrival and status (ASGI middleware)."""

    def __init__(self, app: ASGIApp, phase: CurrentPhase, counts: Counter[tuple[str, ...]]) -> None:
        self._app = app
        self._phase = phase
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if is_upkeep(scope):
            await self._app(scope, receive, send)
            return
        phase = self._phase.arrive()
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
