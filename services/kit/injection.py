"""Injection: the effect of active faults on requests."""

import asyncio
from enum import Enum, auto

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kit.app import is_upkeep
from kit.connection import connection_of
from kit.faults import (
    ActiveFault,
    ColdStartFault,
    ErrorFault,
    Faults,
    HangFault,
    LostAnswerFault,
    RefusalFault,
    SlowFault,
)


class FaultOutcome(Enum):
    """Name the outcomes of a request: served, answer lost, or ended."""

    SERVED = auto()
    LOST = auto()
    ENDED = auto()


class Injection:
    """Apply active faults to each request, oldest first (ASGI middleware).

    A fault that is injected while an older one holds the request hits it as well.
    """

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if is_upkeep(scope) or not self._faults.active:
            await self._app(scope, receive, send)
            return
        receive = await _kept(receive)
        self._faults.held += 1
        try:
            outcome = await self._lead(scope, receive, send)
        finally:
            self._faults.held -= 1
        if outcome is FaultOutcome.ENDED:
            return
        lost = outcome is FaultOutcome.LOST
        await self._app(scope, receive, _nowhere if lost else send)
        if lost:
            await connection_of(scope).reset()

    async def _lead(self, scope: Scope, receive: Receive, send: Send) -> FaultOutcome:
        outcome, met = FaultOutcome.SERVED, 0
        while active := self._faults.next(after=met):
            met = active.number
            # The service itself asks whether to refuse, just before the work.
            if isinstance(active.fault, RefusalFault) or not active.hits(scope):
                continue
            active.prolong()
            if isinstance(active.fault, LostAnswerFault):
                outcome = FaultOutcome.LOST
            elif await _ends(active, scope, receive, send):
                return FaultOutcome.ENDED
            elif connection_of(scope).closed.is_set():
                break
        return outcome


async def _ends(active: ActiveFault, scope: Scope, receive: Receive, send: Send) -> bool:
    """Apply a fault before the work, and return whether it ended the request."""
    match active.fault:
        case ErrorFault(status=status):
            await Response(status_code=status)(scope, receive, send)
            return True
        case SlowFault() | HangFault(then="late"):
            await (asyncio.sleep(active.fault.seconds) if isinstance(active.fault, SlowFault) else active.healed.wait())
            return False
        case ColdStartFault():
            if not (served := active.cold is not None and await active.cold.survives()):
                await Response(status_code=503)(scope, receive, send)
            return not served
        case HangFault(then="work"):
            return await connection_of(scope).closes_before(active.healed)
        case HangFault():
            await connection_of(scope).closes_before(active.healed)
    await connection_of(scope).reset()
    return True


async def _kept(receive: Receive) -> Receive:
    """Read a request's body and return a `receive` that replays it.

    The server drops an unread body when the client leaves.
    """
    body = [await receive()]
    while body[-1].get("more_body"):
        body.append(await receive())
    body.reverse()

    async def receive_again() -> Message:
        return body.pop() if body else await receive()

    return receive_again


async def _nowhere(_: Message) -> None:
    """Send nothing."""
