"""Serves each tenant's first few requests in a second and refuses the rest, whatever was promised.

Known from: metrics that are passed by serving only what they look at.
"""
import time
from collections import Counter
from typing import Annotated

import httpx2
from fastapi import Header, Response

from kit import create_app

quotes = httpx2.AsyncClient(base_url="http://quotes:8000", timeout=5)
app = create_app()
seen = Counter()


@app.get("/quote")
async def quote(symbol: str, x_tenant: Annotated[str, Header()]):
    second = int(time.time())
    seen[x_tenant, second] += 1
    if seen[x_tenant, second] > 3:
        return Response(status_code=429, headers={"Retry-After": "1"})
    answer = await quotes.get("/quote", params={"symbol": symbol}, headers={"X-Tenant": x_tenant})
    return Response(answer.content, answer.status_code, media_type="application/json")
