# By hand. The less loaded of two workers gets the job, by weight. A worker that fails three times in a row is left
# alone for 1 s, and then one failure is enough. When most seem to fail, probably not all do, so all are used.
"""Balancer: forward each job to one of the listed workers; the list changes now and then."""

import json
import os
import random
import time
from dataclasses import dataclass
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

client = httpx2.AsyncClient(limits=httpx2.Limits(max_connections=200))


@dataclass(eq=False)
class Worker:
    """A worker, its load and its health."""

    url: str
    weight: int
    outstanding: int = 0
    failures: int = 0
    ill_until: float = 0.0

    @property
    def load(self) -> float:
        """Return the worker's load with one more job, relative to its weight."""
        return (self.outstanding + 1) / self.weight

    def note(self, *, well: bool) -> None:
        """Count failures in a row; too many mark the worker as failing."""
        self.failures = 0 if well else self.failures + 1
        ill = self.failures >= FAILURES
        self.ill_until = time.monotonic() + ALONE_SECONDS if ill else 0.0


workers: dict[str, Worker] = {}


def pick(tried: Worker | None) -> Worker:
    """Choose a worker other than the one that was tried."""
    listed = [workers.setdefault(entry["url"], Worker(**entry)) for entry in json.loads(LIST.read_text())]
    now = time.monotonic()
    well = [worker for worker in listed if worker.ill_until <= now]
    if len(well) < len(listed) / 2:
        well = listed
    others = [worker for worker in well if worker is not tried] or listed
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
    worker.outstanding += 1
    try:
        answer = await client.request(request.method, worker.url + request.url.path, timeout=SECONDS[request.method])
    except httpx2.TransportError as error:
        worker.note(well=False)
        return Response(status_code=502), request.method == "GET" or isinstance(error, httpx2.ConnectError)
    finally:
        worker.outstanding -= 1
    refused = answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    worker.note(well=not refused)
    return Response(answer.content, answer.status_code, media_type="application/json"), refused
