"""Faults that a stock service injects into its own answers: data with a description, applied by a middleware."""

import asyncio
import itertools
import random
import socket
import struct
from collections.abc import Coroutine
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kit.capacity import Capacity

ABORT_KEY = "er.transport"
"""Where the server leaves a connection's transport in the ASGI scope, so that `reset` can close it."""


class _Fault(BaseModel):
    """What all faults have: the share of requests they hit, under which path, and for how long."""

    model_config = ConfigDict(extra="forbid")

    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    scope: Annotated[str, Field(pattern="^/")] = "/"
    seconds_active: Annotated[float, Field(gt=0)] | None = None


class ErrorFault(_Fault):
    """Answers with an error status."""

    kind: Literal["error"]
    status: Annotated[int, Field(ge=400, le=599)] = 503


class SlowFault(_Fault):
    """Answers so many seconds later."""

    kind: Literal["slow"]
    seconds: Annotated[float, Field(gt=0, le=600)] = 1.0


class HangFault(_Fault):
    """Does not answer until healed."""

    kind: Literal["hang"]


class ResetFault(_Fault):
    """Closes the connection without an answer."""

    kind: Literal["reset"]


class CapacityFault(_Fault):
    """Has so many times the workers; a factor above 1 is first aid, not a fault."""

    kind: Literal["capacity"]
    factor: Annotated[float, Field(gt=0, le=100)] = 2.0


Fault = Annotated[ErrorFault | SlowFault | HangFault | ResetFault | CapacityFault, Field(discriminator="kind")]
KINDS: tuple[type[_Fault], ...] = (ErrorFault, SlowFault, HangFault, ResetFault, CapacityFault)


def menu() -> dict[str, dict[str, object]]:
    """Return the kinds of faults with what each does and its own parameters' defaults."""
    return {
        kind.model_fields["kind"].annotation.__args__[0]: {  # type: ignore[union-attr] # a Literal of one
            "describes": (kind.__doc__ or "").rstrip("."),
            "parameters": {
                name: field.default
                for name, field in kind.model_fields.items()
                if name not in _Fault.model_fields and name != "kind"
            },
        }
        for kind in KINDS
    }


class Faults:
    """The faults that are active in this service."""

    def __init__(self, capacity: Capacity) -> None:
        self._capacity = capacity
        self._active: dict[int, Fault] = {}
        self._numbers = itertools.count(1)
        self._healed = asyncio.Event()

    def active(self) -> list[dict[str, object]]:
        """Return the active faults with their numbers."""
        return [{"id": number, **fault.model_dump()} for number, fault in self._active.items()]

    def inject(self, fault: Fault) -> dict[str, object]:
        """Start a fault and return it with its number; called inside the event loop."""
        number = next(self._numbers)
        self._active[number] = fault
        self._set_capacity()
        if fault.seconds_active is not None:
            asyncio.get_running_loop().call_later(fault.seconds_active, self.heal, number)
        return {"id": number, **fault.model_dump()}

    def heal(self, number: int | None = None) -> int:
        """End one fault, or all; hung requests go on. Return how many ended."""
        ended = [number] if number in self._active else [] if number is not None else list(self._active)
        for each in ended:
            del self._active[each]
        self._set_capacity()
        if not any(fault.kind == "hang" for fault in self._active.values()):
            self._healed.set()
            self._healed = asyncio.Event()
        return len(ended)

    def hits(self, path: str) -> list[Fault]:
        """Return the faults that hit a request, drawn anew for each by their shares."""
        return [
            fault
            for fault in self._active.values()
            if fault.kind != "capacity" and path.startswith(fault.scope) and random.random() < fault.share
        ]

    async def until_healed(self) -> None:
        """Wait until no request needs to hang any more."""
        await self._healed.wait()

    def _set_capacity(self) -> None:
        factors = [fault.factor for fault in self._active.values() if fault.kind == "capacity"]
        self._capacity.resize(factors[-1] if factors else 1.0)


class FaultMiddleware:
    """Apply active faults to every request but `/healthz`: a faulty service is alive."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request meet the faults that hit it, then its handler unless one of them answered."""
        if scope["type"] == "http" and scope["path"] != "/healthz":
            for fault in self._faults.hits(scope["path"]):
                match fault:
                    case SlowFault():
                        await asyncio.sleep(fault.seconds)
                    case ErrorFault():
                        return await _answer(send, fault.status)
                    case ResetFault():
                        return await _reset(scope, receive)
                    case HangFault():
                        held = _Held(receive)
                        if not await held.until(self._faults.until_healed()):
                            return None
                        receive = held.receive
        return await self._app(scope, receive, send)


class _Held:
    """A request that is held back: what its client sends meanwhile is kept for the handler."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._kept: list[Message] = []

    async def receive(self) -> Message:
        return self._kept.pop(0) if self._kept else await self._receive()

    async def until(self, event: Coroutine[None, None, None]) -> bool:
        """Wait for an event; return False when the client went away first."""
        healed, gone = asyncio.create_task(event), asyncio.create_task(self._gone())
        await asyncio.wait({healed, gone}, return_when=asyncio.FIRST_COMPLETED)
        for waiter in (healed, gone):
            waiter.cancel()
        return not gone.done()

    async def _gone(self) -> None:
        while (message := await self._receive())["type"] != "http.disconnect":
            self._kept.append(message)


async def _answer(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})


async def _reset(scope: Scope, receive: Receive) -> None:
    """Close the connection at once; with no lingering, TCP sends RST."""
    transport = scope[ABORT_KEY]
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
