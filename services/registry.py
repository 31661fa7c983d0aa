"""Registry: writes the list of workers, and keeps the book of the orders that they have done.

`WORKERS` names all there will be, with their slots: `worker-1=4 worker-2=2`. The first `LISTED` are on the list from
the start; a change of the registry's capacity lists more of them, or fewer.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path as File
from typing import Annotated

from fastapi import FastAPI, Path

from kit.service import StockService

POLL_SECONDS = 0.05

_done: set[str] = set()


def listing(count: int) -> str:
    """Return the list of the first `count` workers: each with its `url` and its `weight`, which is its slots."""
    named = [worker.split("=") for worker in os.environ["WORKERS"].split()]
    return json.dumps([{"url": f"http://{name}:8000", "weight": int(slots)} for name, slots in named[:count]])


@asynccontextmanager
async def _listing(_: FastAPI) -> AsyncIterator[None]:
    async def keep() -> None:
        while True:
            _write(listing(service.capacity.workers))
            await asyncio.sleep(POLL_SECONDS)

    # Before the service is healthy: whoever waits for that finds the list.
    _write(listing(service.capacity.workers))
    keeping = asyncio.create_task(keep())
    yield
    keeping.cancel()


def _write(text: str) -> None:
    file = File(os.environ.get("WORKERS_FILE", "/workers/workers.json"))
    if file.exists() and file.read_text() == text:
        return
    # Whoever reads it sees all of the old list or all of the new one.
    draft = file.with_suffix(".new")
    draft.write_text(text)
    draft.replace(file)


service = StockService("registry", workers=int(os.environ["LISTED"]), lifespan=_listing)


@service.app.post("/done/{order}", status_code=204)
async def done(order: Annotated[str, Path(max_length=64)]) -> None:
    """Note that an order was done; a second time it is another entry."""
    service.ledger.record("order-again" if order in _done else "order", account="registry")
    _done.add(order)
