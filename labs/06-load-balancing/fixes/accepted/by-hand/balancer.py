# By hand. The less loaded of two workers gets the job, by weight. A worker that fails three times in a row is left
# alone for 1 s, and then one failure is enough. When most seem to fail, probably not all do, so all are used.
"""Balancer: forward each job to one of the listed workers; the list changes now and then."""

import asyncio
import json
import os
import random
import time
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path

import httpx2
from fastapi import Request, Response

from kit import create_app

# [{"url": "http://worker-1:8000", "weight": 4}, ...]: the weight is the number of jobs that a worker can do at once.
LIST = Path(os.environ.get("WORKERS_FILE", "/workers/workers.json"))

FAILURES = 3
ALONE_SECONDS = 1.0
TRIES = 2

# An order gets more time, because it may have been done, and so must not be sent again.
SECONDS = {"GET": 0.3, "POST": 2.0}

client = httpx2.AsyncClient(limits=httpx2.Limits(max_connections=200), timeout=None)


@dataclass(eq=False)
class Worker:
    """A worker, its load and its health."""

    url: str
    weight: int = 1
    outstanding: int = 0
    failures: int = 0
    out_until: float = 0.0

    @property
    def load(self) -> float:
        """Return the worker's load with one more job, relative to its weight."""
        return (self.outstanding + 1) / self.weight

    def note(self, *, failed: bool) -> None:
        """Count failures in a row; too many mark the worker as failing."""
        self.failures = self.failures + 1 if failed else 0
        self.out_until = time.monotonic() + ALONE_SECONDS if self.failures >= FAILURES else 0.0


workers: dict[str, Worker] = {}


@lru_cache(maxsize=1)
def read(_changed: int) -> list[Worker]:
    """Read the list as it was changed at that time, and keep what is known of the workers that are still on it."""
    weights = {entry["url"]: entry["weight"] for entry in json.loads(LIST.read_text())}
    for url in workers.keys() - weights.keys():
        del workers[url]
    for url, weight in weights.items():
        workers.setdefault(url, Worker(url)).weight = weight
    return list(workers.values())


def pick(tried: Worker | None) -> Worker:
    """Choose a worker other than the one that was tried."""
    listed = read(LIST.stat().st_mtime_ns)
    now = time.monotonic()
    healthy = [worker for worker in listed if worker.out_until <= now]
    if len(healthy) < len(listed) / 2:
        healthy = listed
    others = [worker for worker in healthy if worker is not tried] or listed
    return min(random.sample(others, min(2, len(others))), key=lambda worker: worker.load)


app = create_app()


@app.get("/views/{job}")
@app.post("/orders/{job}")
async def pass_on(request: Request) -> Response:
    """Forward a job; send it to a second worker only when that is safe."""
    answer, worker = Response(status_code=502), None
    for _ in range(TRIES):
        worker = pick(worker)
        answer, again = await ask(worker, request)
        if not again:
            break
    return answer


async def ask(worker: Worker, request: Request) -> tuple[Response, bool]:
    """Send a job to a worker; return the answer, and whether a second attempt is safe."""
    harmless = request.method == "GET"
    worker.outstanding += 1
    try:
        # Around the whole call, because a client's own time limit is for each read.
        async with asyncio.timeout(SECONDS[request.method]):
            answer = await client.request(request.method, worker.url + request.url.path)
    except (httpx2.HTTPError, TimeoutError) as error:
        worker.note(failed=True)
        return Response(status_code=502), harmless or isinstance(error, httpx2.ConnectError)
    finally:
        worker.outstanding -= 1
    # A 4xx is the client's failure.
    failed = answer.is_server_error
    worker.note(failed=failed)
    refused = answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    return Response(answer.content, answer.status_code, media_type="application/json"), failed and (harmless or refused)
