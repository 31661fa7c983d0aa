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

# An order gets more time than a view, because it may have been done, and so must not be sent again.
ORDER_SECONDS = 2.0

client = httpx2.AsyncClient(limits=httpx2.Limits(max_connections=200), timeout=None)


@dataclass
class Health:
    """What the answers and the health checks of a worker say."""

    failures: int = 0
    out_until: float = 0.0

    def passed(self) -> None:
        """Forget the failures in a row."""
        self.failures = 0

    def failed(self) -> None:
        """Count failures in a row; too many take the worker out, and then one more is enough."""
        self.failures = min(self.failures + 1, FAILURES)
        if self.failures == FAILURES:
            self.leave_out(OUT_SECONDS)

    def leave_out(self, seconds: float) -> None:
        """Take the worker out for at least these seconds."""
        self.out_until = max(self.out_until, time.monotonic() + seconds)


class Workers:
    """The workers on the list: weights, turns and health, by address."""

    def __init__(self) -> None:
        self._changed = 0
        self._weights: dict[str, int] = {}
        self._turns: dict[str, int] = {}
        self.health: dict[str, Health] = {}

    def read(self) -> None:
        """Read the list if it has changed; a worker that is still on it keeps its turns and health."""
        changed = LIST.stat().st_mtime_ns
        if changed == self._changed:
            return
        self._weights = {worker["url"]: worker["weight"] for worker in json.loads(LIST.read_text())}
        self._turns = {url: self._turns.get(url, 0) for url in self._weights}
        self.health = {url: self.health.get(url, Health()) for url in self._weights}
        self._changed = changed

    def choose(self, tried: str | None = None) -> str:
        """Add each healthy worker's weight to its turns, and choose the highest."""
        self.read()
        now = time.monotonic()
        urls = [url for url, health in self.health.items() if health.out_until <= now]
        if 2 * len(urls) < len(self.health):
            urls = list(self.health)
        urls = [url for url in urls if url != tried] or list(self.health)
        for url in urls:
            self._turns[url] += self._weights[url]
        chosen = max(urls, key=self._turns.__getitem__)
        self._turns[chosen] -= sum(self._weights[url] for url in urls)
        return chosen

    async def check(self) -> None:
        """Check the health of all workers in use repeatedly."""
        while True:
            checks = [check(url, health) for url, health in self.health.items()]
            await asyncio.gather(*checks, return_exceptions=True)
            await asyncio.sleep(CHECK_SECONDS)


async def check(url: str, health: Health) -> None:
    """Check a worker's health; a failed check takes it out until the next one."""
    try:
        async with asyncio.timeout(SLOW_SECONDS):
            (await client.get(f"{url}/health")).raise_for_status()
    except (httpx2.HTTPError, TimeoutError):
        health.leave_out(CHECK_SECONDS + SLOW_SECONDS)


workers = Workers()


@asynccontextmanager
async def checked(_: FastAPI) -> AsyncIterator[None]:
    """Check health while the balancer runs."""
    checking = asyncio.create_task(workers.check())
    try:
        yield
    finally:
        checking.cancel()


app = create_app(lifespan=checked)


@app.get("/views/{job}")
async def view(request: Request) -> Response:
    """Forward a view; one that failed may be sent again, because it changes nothing."""
    worker = workers.choose()
    answer = await ask(worker, request, SLOW_SECONDS)
    if isinstance(answer, Exception) or answer.is_server_error:
        answer = await ask(workers.choose(worker), request, SLOW_SECONDS)
    return passed_on(answer)


@app.post("/orders/{job}")
async def order(request: Request) -> Response:
    """Forward an order; only one that the worker has certainly not done is sent again."""
    worker = workers.choose()
    answer = await ask(worker, request, ORDER_SECONDS)
    match answer:
        case httpx2.ConnectError() | httpx2.Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE):
            answer = await ask(workers.choose(worker), request, ORDER_SECONDS)
    return passed_on(answer)


async def ask(url: str, request: Request, seconds: float) -> httpx2.Response | Exception:
    """Send a job to a worker, note how it did, and return its answer, or the error."""
    health, began = workers.health[url], time.monotonic()
    try:
        # Around the whole call, because a client's own time limit is for each read.
        async with asyncio.timeout(seconds):
            answer = await client.request(request.method, url + request.url.path)
    except (httpx2.HTTPError, TimeoutError) as error:
        health.failed()
        return error
    # A 4xx is the client's failure, and not the worker's.
    if answer.is_server_error or time.monotonic() - began > SLOW_SECONDS:
        health.failed()
    else:
        health.passed()
    return answer


def passed_on(answer: httpx2.Response | Exception) -> Response:
    """Return a worker's answer as the balancer's own; for an error, 502."""
    if isinstance(answer, Exception):
        return Response(status_code=HTTPStatus.BAD_GATEWAY)
    return Response(answer.content, answer.status_code, media_type="application/json")
