# Tempts at three in the morning: quotes is what most tenants pay for. The others paid, too.
"""Portal: what tenants see. It fetches quotes and reports, and an orchestrator asks it for its health."""

import os
from typing import Annotated

import httpx2
from fastapi import Header, Response

from kit import create_app

QUOTES = os.environ.get("QUOTES_URL", "http://quotes:8000")

# Twenty connections, for whatever comes.
client = httpx2.AsyncClient(limits=httpx2.Limits(max_connections=20), timeout=httpx2.Timeout(5, pool=None))

app = create_app()


@app.get("/quote")
async def quote(symbol: str, x_tenant: Annotated[str, Header()]) -> Response:
    """Answer what a symbol costs."""
    return await fetch(f"{QUOTES}/quote?symbol={symbol}", x_tenant)


@app.get("/reports/{month}")
async def report(month: str, x_tenant: Annotated[str, Header()]) -> Response:
    """Answer a tenant's report of a month."""
    return Response(f"no report of {month} for {x_tenant} today", 503, headers={"Retry-After": "60"})


@app.get("/health")
async def health() -> Response:
    """Tell the orchestrator whether quotes, which most tenants come for, can be had."""
    return await fetch(f"{QUOTES}/quote?symbol=ACME", "health")


async def fetch(url: str, tenant: str) -> Response:
    """Pass on what a service answers to a tenant; 502 when it does not."""
    try:
        answer = await client.get(url, headers={"X-Tenant": tenant})
    except httpx2.TransportError:
        return Response(status_code=502)
    return Response(answer.content, answer.status_code, media_type="application/json")
