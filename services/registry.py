"""Registry: writes the list of workers, and keeps one ledger for all of them.

`WORKERS` names all workers with their slots: `worker-1=4 worker-2=2`. The first `LISTED` are on the list from the
start. A change of the registry's capacity lists more or fewer of them.
"""

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path as File
from typing import Annotated

from fastapi import FastAPI, Path

from kit.background import running
from kit.service import StockService

POLL_SECONDS = 0.05

MOST_ATTEMPTS = 2
"""Attempts at one job that nobody minds."""

_done: set[str] = set()
_attempts: Counter[str] = Counter()


def listing(count: int) -> str:
    """Return the first `count` workers with `url` and `weight`, their number of slots."""
    named = [worker.split("=") for worker in os.environ["WORKERS"].split()]
    return json.dumps([{"url": f"http://{name}:8000", "weight": int(slots)} for name, slots in named[:count]])


@asynccontextmanager
async def _listing(_: FastAPI) -> AsyncIterator[None]:
    async def keep() -> None:
        while True:
            _write(listing(service.capacity.workers))
            await asyncio.sleep(POLL_SECONDS)

    # Written before the service is healthy, so that services which wait for that find the list.
    _write(listing(service.capacity.workers))
    async with running(keep()):
        yield


def _write(text: str) -> None:
    file = File(os.environ.get("WORKERS_FILE", "/workers/workers.json"))
    if file.exists() and file.read_text() == text:
        return
    # Replaced atomically, so that a reader sees either the old list or the new one.
    draft = file.with_suffix(".new")
    draft.write_text(text)
    draft.replace(file)


service = StockService("registry", workers=int(os.environ["LISTED"]), lifespan=_listing)


@service.app.post("/done/{order}", status_code=204)
async def done(order: Annotated[str, Path(max_length=64)]) -> None:
    """Record that an order was done.

    A repeated order is another ledger entry.
    """
    service.ledger.record("order-again" if order in _done else "order", account="registry")
    _done.add(order)


@service.app.post("/attempts", status_code=204)
async def attempted(jobs: list[str]) -> None:
    """Count the attempts at each job, at all workers together; record each one too many."""
    for job in jobs:
        _attempts[job] += 1
        if _attempts[job] > MOST_ATTEMPTS:
            service.ledger.record("attempt-too-many", account="registry")
