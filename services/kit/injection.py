"""Injection: what active faults do to requests."""

import asyncio
import random

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kit.app import is_upkeep
from kit.connection import Connection, connection_of
from kit.faults import ActiveFault, Error, Faults, Hang, Lose, RequestFault, Slow


class Injection:
    """ASGI middleware: lead each request through the faults that hit it, oldest first, and then to the app."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        lost = False
        for active in () if is_upkeep(scope) else self._faults.active:
            if not _hits(active, scope["path"]):
                continue
            active.prolong()
            if isinstance(active.fault, Lose):
                lost = True
            elif await _ends(active, scope, receive, send):
                return
        await self._app(scope, receive, _nowhere if lost else send)
        if lost:
            await connection_of(scope).reset()


async def _ends(active: ActiveFault, scope: Scope, receive: Receive, send: Send) -> bool:
    """Do to a request what a fault does before the work; tell whether that was the request's end."""
    match active.fault:
        case Error(status=status):
            await Response(status_code=status)(scope, receive, send)
            return True
        case Slow(seconds=seconds):
            await asyncio.sleep(seconds)
            return False
        case Hang(then="work"):
            return await _closes_first(connection_of(scope), active)
        case Hang():
            await _closes_first(connection_of(scope), active)
    await connection_of(scope).reset()
    return True


async def _nowhere(_: Message) -> None:
    """Send nothing."""


def _hits(active: ActiveFault, path: str) -> bool:
    fault = active.fault
    # It may have been healed while an older one held the request up.
    return (
        isinstance(fault, RequestFault)
        and not active.healed.is_set()
        and fault.covers(path)
        and random.random() < fault.share
    )


async def _closes_first(connection: Connection, active: ActiveFault) -> bool:
    """Wait until a fault is healed or the client is gone; tell whether the client was gone first."""
    waits = [asyncio.ensure_future(event.wait()) for event in (active.healed, connection.closed)]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    return not active.healed.is_set()
