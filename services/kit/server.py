"""Servers: apps at their addresses, in one event loop, until the process is stopped."""

import asyncio
import gc
import logging
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kit.connection import Connection

log = logging.getLogger("kit")

GRACE_SECONDS = 0.4
"""How long requests may go on after the process is told to stop, before they are cancelled."""

LAST_SECONDS = 0.9
"""How long a process may take to stop, even if its code holds the event loop or threads."""

KEEP_ALIVE_SECONDS = 75
"""Longer than clients keep idle connections, because a server that closes first makes some requests fail."""


class Server(uvicorn.Server):
    """Serve one app at one address.

    Port 0 takes a free port.
    Raises OSError when the address cannot be bound.
    """

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self.socket = _bound(host, port)
        self.host, self.port = self.socket.getsockname()
        self._crash_recorder = _CrashRecorder(app)
        self._closed = False
        super().__init__(
            uvicorn.Config(
                self._crash_recorder,
                http=Connection,
                ws="none",
                interface="asgi3",
                lifespan="on",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=GRACE_SECONDS,  # type: ignore[arg-type] # any number of seconds is one
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start.

        Raises the error of the app's lifespan, where uvicorn would exit.
        """
        try:
            await super().startup(sockets)
        except SystemExit:
            raise self._crash_recorder.error or RuntimeError("the app did not start") from None
        log.info("serving at http://%s:%d", self.host, self.port)

    def close(self) -> None:
        """Refuse new connections and reset open ones.

        Requests in work go on.
        """
        self._closed = True
        for listening in self.servers:
            listening.close()
        self.servers.clear()
        for connection in list(self.server_state.connections):
            cast("Connection", connection).abort()

    def open(self) -> None:
        """Accept connections again, if the port was closed."""
        if self._closed:
            self._closed = False
            self._opening = asyncio.create_task(self._listen(_bound(self.host, self.port)))

    async def _listen(self, bound: socket.socket) -> None:
        def connection() -> Connection:
            return Connection(self.config, self.server_state, self.lifespan.state)

        listening = await asyncio.get_running_loop().create_server(connection, sock=bound, backlog=self.config.backlog)
        self.servers.append(listening)
        if self._closed:
            self.close()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the process, which may have several servers."""
        yield


def _bound(host: str, port: int) -> socket.socket:
    # asyncio sets TCP_NODELAY only on sockets whose protocol is named as TCP.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((host, port))
    return bound


class _CrashRecorder:
    """Keep the error of an app's lifespan, which uvicorn only logs (ASGI middleware)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.error: BaseException | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return

        async def send_without_traceback(message: Message) -> None:
            failed = message["type"] == "lifespan.startup.failed"
            await send({**message, "message": ""} if failed else message)

        try:
            await self._app(scope, receive, send_without_traceback)
        except BaseException as error:
            self.error = error
            raise


def run(*servers: Server) -> None:
    """Serve until SIGTERM or SIGINT, then stop within one second."""

    def stop(*_: object) -> None:
        # No handler is set for SIGALRM, so the kernel ends the process.
        signal.setitimer(signal.ITIMER_REAL, LAST_SECONDS)
        for server in servers:
            server.should_exit = True

    async def serve() -> None:
        await asyncio.gather(*(server.serve(sockets=[server.socket]) for server in servers))

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    # Objects made at start-up stay, and collecting garbage among them again and again would stall requests.
    gc.freeze()
    asyncio.run(serve())
