"""Worker `NAME`: does jobs of 100 ms each, `SLOTS` at a time.

The rest wait.
It reports each job that arrives and each order that is done to the registry, which keeps one ledger for all workers.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated

import httpx2
from fastapi import FastAPI, Path
from starlette.types import ASGIApp, Receive, Scope, Send

from kit.background import running
from kit.service import StockService

WORK_SECONDS = 0.1
REPORT_SECONDS = 0.5

LONGEST_JOB = 64
"""Characters of the longest name of a job."""

registry = httpx2.AsyncClient(
    base_url=os.environ.get("REGISTRY_URL", "http://registry:8000"), timeout=5, trust_env=False
)

Job = Annotated[str, Path(max_length=LONGEST_JOB)]


class Attempts:
    """Note the jobs that arrive, also those that a fault ends (ASGI middleware)."""

    def __init__(self, app: ASGIApp, noted: list[str]) -> None:
        self._app = app
        self._noted = noted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "http" and scope["path"].startswith(("/views/", "/orders/")):
            self._noted.append(scope["path"][: LONGEST_JOB + len("/orders/")])
        await self._app(scope, receive, send)


attempts: list[str] = []


@asynccontextmanager
async def _with_registry(_: FastAPI) -> AsyncIterator[None]:
    async def report() -> None:
        while True:
            await asyncio.sleep(REPORT_SECONDS)
            reported = attempts.copy()
            # Before the request, because a report that is repeated would accuse a patient that did nothing wrong.
            attempts.clear()
            if reported:
                with suppress(httpx2.HTTPError):
                    await registry.post("/attempts", json=reported)

    async with registry, running(report()):
        yield


name = os.environ["NAME"]
slots = int(os.environ["SLOTS"])
service = StockService("worker", workers=slots, lifespan=_with_registry)
# Added last, so that it is outside of the faults.
service.app.add_middleware(Attempts, noted=attempts)


@service.app.get("/health")
async def health() -> dict[str, str]:
    """Answer that the process runs, which is all that this health check knows."""
    return {"status": "ok"}


@service.app.get("/views/{job}")
async def view(job: Job) -> dict[str, str]:
    """Compute a view, which changes nothing, with a receipt for it."""
    await _work()
    service.ledger.record("view", account="worker")
    return {"view": job, "worker": name, "receipt": service.receipts.issue("view", job, name)}


@service.app.post("/orders/{job}", status_code=201)
async def order(job: Job) -> dict[str, str]:
    """Do an order, with a receipt.

    A repeated request does it again.
    """
    await _work()
    (await registry.post(f"/done/{job}")).raise_for_status()
    service.ledger.record("order", account="worker")
    return {"order": job, "worker": name, "receipt": service.receipts.issue("order", job, name)}


async def _work() -> None:
    async with service.capacity.worker():
        await asyncio.sleep(WORK_SECONDS)
