# Tempts, as a lock makes it simple to count. It is held while reports works, so there is one report at a time.
"""Portal: what tenants see. It fetches quotes and reports, and an orchestrator asks it for its health."""

import asyncio
import os
from typing import Annotated

import httpx2
from fastapi import Header, Response

from kit import create_app

QUOTES = os.environ.get("QUOTES_URL", "http://quotes:8000")
REPORTS = os.environ.get("REPORTS_URL", "http://reports:8000")

# A pool for each compartment: what waits for reports holds nothing that quotes need.
quotes_client = httpx2.AsyncClient(limits=httpx2.Limits(max_connections=20), timeout=5)
reports_client = httpx2.AsyncClient(limits=httpx2.Limits(max_connections=8), timeout=5)

turn = asyncio.Lock()

app = create_app()


@app.get("/quote")
async def quote(symbol: str, x_tenant: Annotated[str, Header()]) -> Response:
    """Answer what a symbol costs."""
    return await fetch(quotes_client, f"{QUOTES}/quote?symbol={symbol}", x_tenant)


@app.get("/reports/{month}")
async def report(month: str, x_tenant: Annotated[str, Header()]) -> Response:
    """Answer a tenant's report of a month."""
    try:
        async with asyncio.timeout(0.3):
            await turn.acquire()
    except TimeoutError:
        return Response(status_code=503, headers={"Retry-After": "1"})
    try:
        return await fetch(reports_client, f"{REPORTS}/reports/{month}", x_tenant)
    finally:
        turn.release()


@app.get("/health")
async def health() -> Response:
    """Tell the orchestrator whether quotes, which most tenants come for, can be had."""
    return await fetch(quotes_client, f"{QUOTES}/quote?symbol=ACME", "health")


async def fetch(client: httpx2.AsyncClient, url: str, tenant: str) -> Response:
    """Pass on what a service answers to a tenant; 502 when it does not."""
    try:
        answer = await client.get(url, headers={"X-Tenant": tenant})
    except httpx2.TransportError:
        return Response(status_code=502)
    return Response(answer.content, answer.status_code, media_type="application/json")
