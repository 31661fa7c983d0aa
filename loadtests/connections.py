"""Connections to targets, kept alive and shared by all kinds, so that none is told by its connection."""

import time
from typing import Any

import gevent
from geventhttpclient.client import HTTPClient, HTTPClientPool
from geventhttpclient.connectionpool import ConnectionPool

UNBOUNDED = 100_000
"""How many requests may be under way at once: an open loop waits for none."""

ADDRESS_SECONDS = 1.0
"""How long an address is used before its name is looked up again."""


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
