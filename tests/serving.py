"""Real servers on loopback ports, in the test's own event loop."""

import asyncio
import importlib
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import ModuleType

import httpx2
from patience import PATIENCE
from starlette.types import ASGIApp

from kit.server import Server
from kit.service import StockService
from kit.stock import close_while_down

SECRET = "0123456789abcdef"  # noqa: S105 # of the tests


@asynccontextmanager
async def serving(*apps: ASGIApp) -> AsyncIterator[list[Server]]:
    """Serve apps on free ports of the loopback interface."""
    servers = [Server(app, "127.0.0.1", 0) for app in apps]
    running = [asyncio.create_task(server.serve(sockets=[server.socket])) for server in servers]
    await until(lambda: all(server.started for server in servers))
    try:
        yield servers
    finally:
        # Cancelled, because a graceful stop is slow and has tests of its own with real processes.
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for server in servers:
            await close(server)


async def close(server: Server) -> None:
    """Close a server and its connections, then end its app's lifespan."""
    server.close()
    for task in list(server.server_state.tasks):
        task.cancel()
    await server.lifespan.shutdown()


@asynccontextmanager
async def client(server: Server, **headers: str) -> AsyncIterator[httpx2.AsyncClient]:
    """Open an HTTP client for a server."""
    address = f"http://127.0.0.1:{server.port}"
    async with httpx2.AsyncClient(
        base_url=address, headers=headers, timeout=10, trust_env=False, verify=False
    ) as opened:
        yield opened


@dataclass
class Stock:
    """Hold a running stock service, with clients of both its ports."""

    service: StockService
    server: Server
    user: httpx2.AsyncClient
    control: httpx2.AsyncClient

    async def inject(self, kind: str, **parameters: object) -> dict[str, object]:
        """Inject a fault and return the acknowledged one."""
        answer = await self.control.post("/faults", json={"kind": kind, **parameters})
        assert answer.status_code == 200, answer.text
        told: dict[str, object] = answer.json()
        return told

    async def heal(self) -> None:
        """Heal all faults."""
        assert (await self.control.delete("/faults")).status_code == 200

    async def enter(self, phase: str) -> None:
        """Tell the service the phase."""
        assert (await self.control.put("/phase", json={"name": phase})).status_code == 200

    async def metrics(self) -> dict[str, float]:
        """Return all series, by their text."""
        lines = (await self.control.get("/metrics")).text.splitlines()
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}


@asynccontextmanager
async def stocked(service: StockService) -> AsyncIterator[Stock]:
    """Serve a stock service with its control port."""
    async with (
        serving(service.app, service.control) as (server, control),
        client(server) as user,
        client(control, Authorization=f"Bearer {SECRET}") as host,
    ):
        close_while_down(server, service.faults)
        yield Stock(service, server, user, host)


def fresh(name: str) -> ModuleType:
    """Import a service's module again, with the secret of the test."""
    sys.modules.pop(name, None)
    return importlib.import_module(name)


async def until(true: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110 # the condition has no event
            await asyncio.sleep(0.001)
