"""Connections to targets, kept alive and shared by all kinds, so that none is told by its connection."""

import errno
import time
from typing import Any

import gevent
import gevent.socket
from geventhttpclient.client import HTTPClient, HTTPClientPool
from geventhttpclient.connectionpool import ConnectionPool

UNBOUNDED = 100_000
"""How many requests may be under way at once: an open loop waits for none."""

ADDRESS_SECONDS = 1.0
"""How long an address is used before its name is looked up again."""


LARGEST_ANSWER = 16 * 1024
"""Bytes of an answer, its head included, that are read, and that the kernel may hold until they are.

Labs' answers are smaller by far. The time limit alone would let an answer without end fill the memory, and a larger
window would let it keep a processor busy.
"""


class BoundedSocket(gevent.socket.socket):  # type: ignore[misc] # it ships no types
    """A socket that takes no more than one answer of a sane size for each request that is sent."""

    taken = 0

    def sendall(self, *args: Any) -> None:  # noqa: ANN401 # as the socket's own
        """Send a request; what is taken from now on answers it."""
        self.taken = 0
        super().sendall(*args)

    def recv(self, *args: Any) -> bytes:  # noqa: ANN401
        """Take a piece of the answer; raises OSError when there is no end of it."""
        data: bytes = super().recv(*args)
        self.taken += len(data)
        if self.taken > LARGEST_ANSWER:
            raise OSError(errno.EMSGSIZE, "the answer is too large")
        return data


class Connections(ConnectionPool):
    """Connections to one target."""

    def __init__(self, client: HTTPClient) -> None:
        host, port = client.host, client.port or 80
        super().__init__(host, port, host, port, size=UNBOUNDED, disable_ipv6=True)
        # When a connection closes without an answer, the client would send the request again, up to `size` + 1 times.
        # Here each request is sent once, and how it ended is evidence.
        self.size = -1
        self._addresses: list[Any] = []
        self._looked_up = 0.0

    def _create_tcp_socket(self, family: int, socktype: int, protocol: int) -> BoundedSocket:
        made = BoundedSocket(family, socktype, protocol)
        # Before it connects: then the other side knows it from the first packet on.
        made.setsockopt(gevent.socket.SOL_SOCKET, gevent.socket.SO_RCVBUF, LARGEST_ANSWER)
        return made

    def _resolve(self) -> list[Any]:
        """Return the target's addresses; when they are known, without waiting for the name service."""
        if not self._addresses:
            self._look_up()
        elif time.monotonic() > self._looked_up + ADDRESS_SECONDS:
            self._looked_up = time.monotonic()
            gevent.spawn(self._look_up)
        return self._addresses

    def _look_up(self) -> None:
        try:
            self._addresses = super()._resolve()
        except OSError:
            # The name of a stopped container is gone, and to learn that may take seconds: its last address will do.
            if not self._addresses:
                raise
        self._looked_up = time.monotonic()


class Clients(HTTPClientPool):
    """One client for each target."""

    def get_client(self, url: Any) -> HTTPClient:  # noqa: ANN401 # the client's own type of URL
        """Return the client for a URL's host and port."""
        known = len(self.clients)
        client = super().get_client(url)
        if len(self.clients) > known:
            client._connection_pool = Connections(client)  # noqa: SLF001 # it takes no pool
        return client
