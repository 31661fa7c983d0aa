"""Connections to targets, kept alive and shared by all kinds.

Therefore a connection does not identify a kind.
"""

import errno
import time
from typing import Any

import gevent
import gevent.socket
from geventhttpclient.client import HTTPClient, HTTPClientPool
from geventhttpclient.connectionpool import ConnectionPool

UNBOUNDED = 100_000
"""The limit of concurrent requests, high enough that an open loop never waits for one."""

ADDRESS_SECONDS = 1.0
"""How long an address is used before its name is looked up again."""

LARGEST_ANSWER = 16 * 1024
"""The largest answer in bytes, head included, and the kernel's receive buffer.

The labs' answers are much smaller. With the time limit alone an endless answer could fill the memory, and with a
larger buffer it could keep a CPU busy.
"""


class BoundedSocket(gevent.socket.socket):  # type: ignore[misc] # it ships no types
    """Receive at most LARGEST_ANSWER bytes for each request."""

    taken = 0

    def sendall(self, *args: Any) -> None:  # noqa: ANN401 # as the socket's own
        """Send a request, and count its answer's bytes from zero."""
        self.taken = 0
        super().sendall(*args)

    def recv(self, *args: Any) -> bytes:  # noqa: ANN401
        """Receive a part of the answer; raises OSError when the answer is too large."""
        data: bytes = super().recv(*args)
        self.taken += len(data)
        if self.taken > LARGEST_ANSWER:
            raise OSError(errno.EMSGSIZE, "the answer is too large")
        return data


class Connections(ConnectionPool):
    """Pool the connections to one target."""

    def __init__(self, client: HTTPClient) -> None:
        host, port = client.host, client.port or 80
        super().__init__(host, port, host, port, size=UNBOUNDED, disable_ipv6=True)
        # After a close without an answer, the client sends the request again up to `size` + 1 times. Each request must
        # be sent once, because its end is evidence.
        self.size = -1
        self._addresses: list[Any] = []
        self._looked_up = 0.0

    def _create_tcp_socket(self, family: int, socktype: int, protocol: int) -> BoundedSocket:
        made = BoundedSocket(family, socktype, protocol)
        # Set before connecting, so that the first packet already announces the small window.
        made.setsockopt(gevent.socket.SOL_SOCKET, gevent.socket.SO_RCVBUF, LARGEST_ANSWER)
        return made

    def _resolve(self) -> list[Any]:
        """Return the target's addresses, known ones without waiting for the name service."""
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
            # A stopped container's name is gone, and its lookup may take seconds, so its last address is used.
            if not self._addresses:
                raise
        self._looked_up = time.monotonic()


class Clients(HTTPClientPool):
    """Keep one client for each target."""

    def get_client(self, url: Any) -> HTTPClient:  # noqa: ANN401 # the client's own type of URL
        """Return the client for a URL's host and port."""
        known = len(self.clients)
        client = super().get_client(url)
        if len(self.clients) > known:
            client._connection_pool = Connections(client)  # noqa: SLF001 # it takes no pool
        return client
