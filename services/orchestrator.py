"""Orchestrator: asks a service for its health, and has it restarted when it fails three times in a row.

`WATCHES` is the service. The restart itself is the grader's, which asks for who is condemned: no container has the
engine's socket.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from fastapi import FastAPI

from kit.service import StockService

EVERY_SECONDS = 0.5
PATIENCE_SECONDS = 0.5
FAILURES = 3

STARTING_LOOKS = 12
"""How often a service that starts may fail."""

condemned: list[str] = []


async def watch(name: str) -> None:
    """Ask for a service's health over and over, and condemn it when it fails."""
    # A connection for each question, as orchestrators have it.
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
        # The client's limits are for each step; this one is for all of them.
        async with asyncio.timeout(PATIENCE_SECONDS):
            return (await client.get("/health")).is_success
    except (TimeoutError, httpx2.TransportError):
        return False


@asynccontextmanager
async def _watching(_: FastAPI) -> AsyncIterator[None]:
    watching = asyncio.create_task(watch(os.environ["WATCHES"]))
    yield
    watching.cancel()


service = StockService("orchestrator", lifespan=_watching)


@service.control.delete("/condemned")
async def take_condemned() -> list[str]:
    """Return who is to be restarted, and forget it."""
    names = condemned.copy()
    condemned.clear()
    return names
