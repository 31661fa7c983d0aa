# Smooth weighted round robin, as in nginx, over the healthy workers. A worker that fails three times in a row, is too
# slow, or does not answer a health check is left out for 1 s. When hardly any is left, all are used.
"""Balancer: forward each job to one of the listed workers; the list changes now and then."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import httpx2
from fastapi import FastAPI, Request, Response

from kit import create_app

# [{"url": "http://worker-1:8000", "weight": 4}, ...]: the weight is the number of jobs that a worker can do at once.
LIST = Path(os.environ.get("WORKERS_FILE", "/workers/workers.json"))

FAILURES = 3
OUT_SECONDS = 1.0
SLOW_SECONDS = 0.3
CHECK_SECONDS = 0.5

client = httpx2.AsyncClient(limits=httpx2.Limits(max_connections=200))


@dataclass(eq=False)
class Worker:
    """A worker, its current weight in the round robin, and its health."""

    url: str
    weight: int
    current: int = 0
    failures: int = 0
    out_until: float = 0.0

    def note(self, *, well: bool) -> None:
        """Count failures in a row; too many take the worker out for a second."""
        self.failures = 0 if well else self.failures + 1
        if self.failures >= FAILURES:
            self.out_until = time.monotonic() + OUT_SECONDS
            self.failures = FAILURES - 1

    async def check(self) -> None:
        """Check the worker's health; a failed check takes it out until the next one."""
        try:
            async with asyncio.timeout(SLOW_SECONDS):
                (await client.get(f"{self.url}/health")).raise_for_status()
        except (httpx2.HTTPError, TimeoutError):
            self.out_until = max(self.out_until, time.monotonic() + CHECK_SECONDS + SLOW_SECONDS)


workers: dict[str, Worker] = {}


def listed() -> list[Worker]:
    """Return the workers that are on the list now."""
    return [workers.setdefault(entry["url"], Worker(**entry)) for entry in json.loads(LIST.read_text())]


def choose(tried: Worker | None) -> Worker:
    """Add each worker's weight to its current weight, and choose the highest."""
    everybody = listed()
    well = [worker for worker in everybody if worker.out_until <= time.monotonic()]
    if 2 * len(well) < len(everybody):
        well = everybody
    others = [worker for worker in well if worker is not tried] or everybody
    for worker in others:
        worker.current += worker.weight
    chosen = max(others, key=lambda worker: worker.current)
    chosen.current -= sum(worker.weight for worker in others)
    return chosen


async def check_all() -> None:
    """Check the health of all workers repeatedly."""
    while True:
        await asyncio.gather(*(worker.check() for worker in listed()))
        await asyncio.sleep(CHECK_SECONDS)


@asynccontextmanager
async def checked(_: FastAPI) -> AsyncIterator[None]:
    """Check health while the balancer runs."""
    checking = asyncio.create_task(check_all())
    yield
    checking.cancel()


app = create_app(lifespan=checked)


@app.get("/views/{job}")
@app.post("/orders/{job}")
async def pass_on(request: Request) -> Response:
    """Forward a job; send it to a second worker only when that is safe."""
    worker = choose(None)
    answer = await ask(worker, request)
    if isinstance(answer, Response) and answer.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
        return answer
    safe = isinstance(answer, Response | httpx2.ConnectError) or request.method == "GET"
    second = await ask(choose(worker), request) if safe else answer
    return second if isinstance(second, Response) else Response(status_code=502)


async def ask(worker: Worker, request: Request) -> Response | httpx2.TransportError:
    """Send a job to a worker; return its answer, or the error."""
    began = time.monotonic()
    try:
        # An order gets more time, because it may have been done, and so must not be sent again.
        seconds = SLOW_SECONDS if request.method == "GET" else 2
        answer = await client.request(request.method, worker.url + request.url.path, timeout=seconds)
    except httpx2.TransportError as error:
        worker.note(well=False)
        return error
    worker.note(well=answer.is_success and time.monotonic() - began < SLOW_SECONDS)
    return Response(answer.content, answer.status_code, media_type="application/json")
