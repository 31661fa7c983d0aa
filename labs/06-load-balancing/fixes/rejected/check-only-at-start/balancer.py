# Every worker is checked before the first job, and none is used that is not well. It is the only time that anybody
# looks.
"""Balancer: passes each job on to one of the workers on the list, which changes now and then."""

import itertools
import json
import os
import random
from pathlib import Path
from typing import Any

import httpx2
from fastapi import Request, Response

from kit import create_app

# [{"url": "http://worker-1:8000", "weight": 4}, ...]: the weight is how many jobs at once a worker can do.
LIST = Path(os.environ.get("WORKERS_FILE", "/workers/workers.json"))

client = httpx2.AsyncClient(limits=httpx2.Limits(max_connections=200), timeout=2)
turns = itertools.count()
rounds: list[str] = []


async def at_start() -> list[str]:
    """Return a round of all who were well when the first job came, each as often as its weight."""
    if not rounds:
        for worker in listed():
            well = (await client.get(f"{worker['url']}/health")).is_success
            rounds.extend([worker["url"]] * (worker["weight"] if well else 0))
        random.shuffle(rounds)
    return rounds


app = create_app()


def listed() -> list[dict[str, Any]]:
    """Return the workers that are on the list now."""
    return json.loads(LIST.read_text())


@app.get("/views/{job}")
@app.post("/orders/{job}")
async def pass_on(request: Request) -> Response:
    """Have a job done."""
    url = (await at_start())[next(turns) % len(rounds)]
    try:
        answer = await client.request(request.method, url + request.url.path)
    except httpx2.TransportError:
        return Response(status_code=502)
    return Response(answer.content, answer.status_code, media_type="application/json")
