"""Orchestrator: checks a service's health, and condemns it after three failures in a row.

`WATCHES` names the service.

The grader asks for condemned services and restarts them, because no container has the engine's socket.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from fastapi import FastAPI

from kit.background import running
from kit.service import StockService

EVERY_SECONDS = 0.5
PATIENCE_SECONDS = 0.5
FAILURES = 3

STARTING_LOOKS = 12
"""Failed health checks that a starting service may have."""

condemned: list[str] = []


async def watch(name: str) -> None:
    """Check a service's health, and condemn it after FAILURES in a row."""
    # One connection for each check, as real orchestrators use.
    async with httpx2.AsyncClient(
        base_url=os.environ.get("WATCHED_URL", f"http://{name}:8000"),
        limits=httpx2.Limits(max_keepalive_connections=0),
        timeout=PATIENCE_SECONDS,
        trust_env=False,
    ) as client:
        while True:
            await _started(client)
            failures = 0
            while failures < FAILURES:
                await asyncio.sleep(EVERY_SECONDS)
                failures = 0 if await _healthy(client) else failures + 1
            service.ledger.record("restart", account=name)
            condemned.append(name)


async def _started(client: httpx2.AsyncClient) -> None:
    for _ in range(STARTING_LOOKS):
        await asyncio.sleep(EVERY_SECONDS)
        if await _healthy(client):
            return


async def _healthy(client: httpx2.AsyncClient) -> bool:
    try:
        # The client's timeout limits each step, this one the whole request.
        async with asyncio.timeout(PATIENCE_SECONDS):
            return (await client.get("/health")).is_success
    except (TimeoutError, httpx2.TransportError):
        return False


@asynccontextmanager
async def _watching(_: FastAPI) -> AsyncIterator[None]:
    async with running(watch(os.environ["WATCHES"])):
        yield


service = StockService("orchestrator", lifespan=_watching)


@service.control.delete("/condemned")
async def take_condemned() -> list[str]:
    """Return the services to restart, and clear the list."""
    names = condemned.copy()
    condemned.clear()
    return names
