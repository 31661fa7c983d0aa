"""The TCP connection of a request, which an app can reset or watch for its end."""

import asyncio
import socket
import struct
from collections.abc import Mapping
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

EXTENSION = "kit.connection"


class Connection(HttpToolsProtocol):
    """Pass itself to each request as an ASGI extension of uvicorn's HTTP protocol."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Begin a connection."""
        super().connection_made(transport)
        self.closed = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that either side has closed the connection."""
        super().connection_lost(exc)
        self.closed.set()

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self.scope["extensions"] = {EXTENSION: self}  # type: ignore[dict-item] # uvicorn knows extensions of data only

    async def reset(self) -> None:
        """Reset the connection without an answer, unless it is already closed."""
        if self.closed.is_set():
            return
        self.abort()
        await self.closed.wait()

    async def closes_before(self, event: asyncio.Event) -> bool:
        """Wait for an event, and return whether the connection ended before it."""
        waits = [asyncio.ensure_future(either.wait()) for either in (event, self.closed)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        return not event.is_set()

    def abort(self) -> None:
        """Begin to reset the connection."""
        connection = self.transport.get_extra_info("socket")
        # A linger time of zero makes the kernel send RST; otherwise it would send FIN.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


def connection_of(scope: Mapping[str, Any]) -> Connection:
    """Return the connection of a request.

    Raises KeyError under another server.
    """
    return cast("Connection", scope["extensions"][EXTENSION])
