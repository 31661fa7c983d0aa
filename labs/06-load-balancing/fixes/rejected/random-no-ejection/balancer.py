# Chance, by weight, spreads well and cannot be fooled, and a second try elsewhere saves what fails. Nothing is
# learnt from it: who is ill or slow gets all of its part, time and again.
"""Balancer: passes each job on to one of the workers on the list, which changes now and then."""

import json
import os
import random
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import httpx2
from fastapi import Request, Response

from kit import create_app

# [{"url": "http://worker-1:8000", "weight": 4}, ...]: the weight is how many jobs at once a worker can do.
LIST = Path(os.environ.get("WORKERS_FILE", "/workers/workers.json"))

TRIES = 2

# An order is waited for: it may have been done, and is not sent again.
SECONDS = {"GET": 0.3, "POST": 2.0}

client = httpx2.AsyncClient(limits=httpx2.Limits(max_connections=200))


@dataclass(eq=False)
class Worker:
    """What is known of a worker."""

    url: str
    weight: int


workers: dict[str, Worker] = {}


def pick(tried: Worker | None) -> Worker:
    """Choose a worker other than the one that was tried."""
    listed = [workers.setdefault(entry["url"], Worker(**entry)) for entry in json.loads(LIST.read_text())]
    others = [worker for worker in listed if worker is not tried]
    return random.choices(others, [worker.weight for worker in others])[0]


app = create_app()


@app.get("/views/{job}")
@app.post("/orders/{job}")
async def pass_on(request: Request) -> Response:
    """Have a job done, by another worker when the first has certainly not done it, or it may be done twice."""
    answer, worker = Response(status_code=502), None
    for _ in range(TRIES):
        worker = pick(worker)
        answer, again = await ask(worker, request)
        if not again:
            break
    return answer


async def ask(worker: Worker, request: Request) -> tuple[Response, bool]:
    """Send a job to a worker; return the answer, and whether another one may be asked."""
    try:
        answer = await client.request(request.method, worker.url + request.url.path, timeout=SECONDS[request.method])
    except httpx2.TransportError as error:
        return Response(status_code=502), request.method == "GET" or isinstance(error, httpx2.ConnectError)
    refused = answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    return Response(answer.content, answer.status_code, media_type="application/json"), refused
