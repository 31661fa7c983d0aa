"""The TCP connection under a request: an app can wait for its end, and can reset it."""

import asyncio
import socket
import struct
from collections.abc import Mapping
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

EXTENSION = "kit.connection"


class Connection(HttpToolsProtocol):
    """Uvicorn's HTTP protocol, which hands itself to each request as an ASGI extension."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Begin a connection."""
        super().connection_made(transport)
        self.closed = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        """End a connection, whoever closed it."""
        super().connection_lost(exc)
        self.closed.set()

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self.scope["extensions"] = {EXTENSION: self}  # type: ignore[dict-item] # uvicorn knows extensions of data only

    async def reset(self) -> None:
        """Close the connection, if it is open still, at once and without an answer: the client receives a TCP reset."""
        if self.closed.is_set():
            return
        self.abort()
        await self.closed.wait()

    def abort(self) -> None:
        """Begin to reset the connection."""
        connection = self.transport.get_extra_info("socket")
        # To linger for no time makes the close abortive; else the kernel would say a polite goodbye (FIN).
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


def connection_of(scope: Mapping[str, Any]) -> Connection:
    """Return the connection on which a request came; raises KeyError when another server than ours has it."""
    return cast("Connection", scope["extensions"][EXTENSION])
