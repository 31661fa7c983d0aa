"""Balancer: forward each job to one of the listed workers; the list changes now and then."""

import json
import os
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx2
from fastapi import Request, Response

from kit import create_app

# [{"url": "http://worker-1:8000", "weight": 4}, ...]: the weight is the number of jobs that a worker can do at once.
LIST = Path(os.environ.get("WORKERS_FILE", "/workers/workers.json"))

client = httpx2.AsyncClient(limits=httpx2.Limits(max_connections=200), timeout=2)
outstanding = Counter[str]()

app = create_app()


@lru_cache(maxsize=1)
def read(_changed: int) -> list[dict[str, Any]]:
    """Read the list as it was changed at that time."""
    return json.loads(LIST.read_text())


def listed() -> list[dict[str, Any]]:
    """Return the workers that are on the list now."""
    return read(LIST.stat().st_mtime_ns)


@app.get("/views/{job}")
@app.post("/orders/{job}")
async def pass_on(request: Request) -> Response:
    """Forward a job to a worker."""
    # TODO: a worker that fails at once looks idle, so it gets nearly all jobs. Find the healthy ones; spread by weight.
    url = min((worker["url"] for worker in listed()), key=outstanding.__getitem__)
    outstanding[url] += 1
    try:
        answer = await client.request(request.method, url + request.url.path)
    except httpx2.TransportError:
        return Response(status_code=502)
    finally:
        outstanding[url] -= 1
    return Response(answer.content, answer.status_code, media_type="application/json")
