# Tempts, as reports gets eight at a time, and each tenant four. Who waits for them waits for as long as it takes.
"""Portal: what tenants see. It fetches quotes and reports, and an orchestrator asks it for its health."""

import asyncio
import os
from collections import defaultdict
from typing import Annotated

import httpx2
from fastapi import Header, Response

from kit import create_app

QUOTES = os.environ.get("QUOTES_URL", "http://quotes:8000")
REPORTS = os.environ.get("REPORTS_URL", "http://reports:8000")

# A pool for each compartment: what waits for reports holds nothing that quotes need.
quotes_client = httpx2.AsyncClient(limits=httpx2.Limits(max_connections=20), timeout=5)
reports_client = httpx2.AsyncClient(limits=httpx2.Limits(max_connections=8), timeout=5)

slots = asyncio.Semaphore(8)
parts = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(4))

app = create_app()


@app.get("/quote")
async def quote(symbol: str, x_tenant: Annotated[str, Header()]) -> Response:
    """Answer what a symbol costs."""
    return await fetch(quotes_client, f"{QUOTES}/quote?symbol={symbol}", x_tenant)


@app.get("/reports/{month}")
async def report(month: str, x_tenant: Annotated[str, Header()]) -> Response:
    """Answer a tenant's report of a month."""
    async with parts[x_tenant], slots:
        return await fetch(reports_client, f"{REPORTS}/reports/{month}", x_tenant)


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
