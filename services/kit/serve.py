"""Serve ASGI apps with uvicorn, several in one event loop, and stop within about a second."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from kit.faults import ABORT_KEY

GRACE_SECONDS = 1
"""How long requests may take to end when the service stops; then they are dropped."""


class _Protocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol that leaves the connection's transport in the scope."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope[ABORT_KEY] = self.transport  # type: ignore[literal-required] # an extension of ours


class _Server(uvicorn.Server):
    """A server that leaves signals to its owner: several share one process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def serve(*apps: tuple[ASGIApp, str, int]) -> None:
    """Serve each `(app, host, port)` until SIGTERM or SIGINT; exit code 1 when one cannot start."""
    servers = [
        _Server(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                http=_Protocol,
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        for app, host, port in apps
    ]
    with asyncio.Runner(loop_factory=servers[0].config.get_loop_factory()) as runner:
        runner.run(_serve(servers))
    if not all(server.started for server in servers):
        raise SystemExit(1)


async def _serve(servers: list[_Server]) -> None:
    def stop() -> None:
        for server in servers:
            server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    async with asyncio.TaskGroup() as group:
        for server in servers:
            # One that ends, also because it could not start, ends the others.
            group.create_task(server.serve()).add_done_callback(lambda _: stop())


def control_host() -> str:
    """Return the address of the control network, on which alone control ports are bound.

    It is the network with the default route: the app network is internal and has none. No packet is sent.
    """
    if host := os.environ.get("ER_CONTROL_HOST"):
        return host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])
