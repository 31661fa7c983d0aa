"""Injection: the effect of active faults on requests."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kit.app import is_upkeep
from kit.connection import connection_of
from kit.faults import (
    ActiveFault,
    ColdStartFault,
    DripFault,
    ErrorFault,
    Faults,
    GarbleFault,
    HangFault,
    LostAnswerFault,
    RefusalFault,
    SlowFault,
)
from kit.hits import Hits
from kit.returns import Returns

CutOff = Callable[[int], None]


class Injection:
    """Apply active faults to each request, oldest first (ASGI middleware).

    A fault that is injected while an older one holds the request hits it as well.
    """

    def __init__(self, app: ASGIApp, faults: Faults, returns: Returns, hits: Hits) -> None:
        self._app = app
        self._faults = faults
        self._returns = returns
        self._hits = hits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if is_upkeep(scope) or not (self._faults.active or self._returns.expected):
            await self._app(scope, receive, send)
            return
        receive, body = await _kept(receive)
        caller = scope["client"][0]
        self._returns.arrive(caller, body)
        self._faults.held += 1
        try:
            answer = await self._lead(scope, receive, send, partial(self._returns.cut_off, caller, body))
        finally:
            self._faults.held -= 1
        if answer is None:
            return
        await self._app(scope, receive, answer)
        if answer is _nowhere:
            await connection_of(scope).reset()

    async def _lead(self, scope: Scope, receive: Receive, send: Send, cut_off: CutOff) -> Send | None:
        """Apply the faults that come before the work, and return the work's `send`.

        None when a fault has ended the request.
        """
        answer, met = send, 0
        while active := self._faults.next(after=met):
            met = active.number
            # The service itself asks whether to refuse, just before the work.
            if isinstance(active.fault, RefusalFault) or not active.hits(scope):
                continue
            active.prolong()
            self._hits.add(active)
            if isinstance(active.fault, LostAnswerFault):
                answer = _nowhere
            elif isinstance(active.fault, DripFault):
                answer = answer if answer is _nowhere else _Drip(active, active.fault.seconds, answer)
            elif await _ends(active, scope, receive, send, cut_off):
                return None
            elif connection_of(scope).closed.is_set():
                break
        return answer


class _Drip:
    """Send a body one byte at a time until the fault is healed, then the rest at once (ASGI `send`)."""

    def __init__(self, active: ActiveFault, seconds: float, send: Send) -> None:
        self._active = active
        self._seconds = seconds
        self._send = send

    async def __call__(self, message: Message) -> None:
        body = message.get("body", b"")
        while len(body) > 1 and not self._active.healed.is_set():
            await self._send({"type": "http.response.body", "body": body[:1], "more_body": True})
            body = body[1:]
            with suppress(TimeoutError):
                await asyncio.wait_for(self._active.healed.wait(), self._seconds)
        await self._send({**message, "body": body} if body else message)


async def _ends(active: ActiveFault, scope: Scope, receive: Receive, send: Send, cut_off: CutOff) -> bool:
    """Apply a fault before the work, and return whether it ended the request.

    Call `cut_off` with the fault's number before the end of a hang resets the request.
    """
    match active.fault:
        case ErrorFault(status=status):
            await Response(status_code=status)(scope, receive, send)
            return True
        case GarbleFault():
            await HTMLResponse("<title>Down for maintenance</title>")(scope, receive, send)
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
            if not await connection_of(scope).closes_before(active.healed):
                cut_off(active.number)
    await connection_of(scope).reset()
    return True


async def _kept(receive: Receive) -> tuple[Receive, bytes]:
    """Read a request's body, and return it with a `receive` that replays it.

    The server drops an unread body when the client leaves.
    """
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())
    body = b"".join(message.get("body", b"") for message in messages)
    messages.reverse()

    async def receive_again() -> Message:
        return messages.pop() if messages else await receive()

    return receive_again, body


async def _nowhere(_: Message) -> None:
    """Send nothing."""
