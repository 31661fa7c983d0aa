"""Worker: does jobs of 100 ms each, `SLOTS` at a time.

The rest wait.
It reports each order that is done to the registry, which keeps one ledger for all workers.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import httpx2
from fastapi import FastAPI, Path

from kit.service import StockService

WORK_SECONDS = 0.1

registry = httpx2.AsyncClient(
    base_url=os.environ.get("REGISTRY_URL", "http://registry:8000"), timeout=5, trust_env=False
)

Job = Annotated[str, Path(max_length=64)]


@asynccontextmanager
async def _with_registry(_: FastAPI) -> AsyncIterator[None]:
    async with registry:
        yield


slots = int(os.environ["SLOTS"])
service = StockService("worker", workers=slots, lifespan=_with_registry)
service.telemetry.gauge("worker_slots", "What the list says of this worker's capacity.", (), lambda: {(): slots})


@service.app.get("/health")
async def health() -> dict[str, str]:
    """Answer that the process runs, which is all that this health check knows."""
    return {"status": "ok"}


@service.app.get("/views/{job}")
async def view(job: Job) -> dict[str, str]:
    """Compute a view, which changes nothing, with a receipt for it."""
    await _work()
    service.ledger.record("view", account="worker")
    return {"view": job, "receipt": service.receipts.issue("view", job)}


@service.app.post("/orders/{job}", status_code=201)
async def order(job: Job) -> dict[str, str]:
    """Do an order, with a receipt.

    A repeated request does it again.
    """
    await _work()
    (await registry.post(f"/done/{job}")).raise_for_status()
    service.ledger.record("order", account="worker")
    return {"order": job, "receipt": service.receipts.issue("order", job)}


async def _work() -> None:
    async with service.capacity.worker():
        await asyncio.sleep(WORK_SECONDS)
