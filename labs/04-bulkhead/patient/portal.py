"""Portal: fetch quotes and reports for tenants, and answer the orchestrator's health checks."""

import os
from typing import Annotated

import httpx2
from fastapi import Header, Response

from kit import create_app

QUOTES = os.environ.get("QUOTES_URL", "http://quotes:8000")
REPORTS = os.environ.get("REPORTS_URL", "http://reports:8000")

# All calls share these 20 connections.
client = httpx2.AsyncClient(limits=httpx2.Limits(max_connections=20), timeout=httpx2.Timeout(5, pool=None))

app = create_app()


@app.get("/quote")
async def quote(symbol: str, x_tenant: Annotated[str, Header()]) -> Response:
    """Return the price of a symbol."""
    return await fetch(f"{QUOTES}/quote?symbol={symbol}", x_tenant)


@app.get("/reports/{month}")
async def report(month: str, x_tenant: Annotated[str, Header()]) -> Response:
    """Return a tenant's report for a month."""
    # TODO: slow reports slow down everything. Give reports a compartment of its own, and each tenant a share of it.
    return await fetch(f"{REPORTS}/reports/{month}", x_tenant)


@app.get("/health")
async def health() -> Response:
    """Tell the orchestrator whether quotes, which most tenants need, are available."""
    return await fetch(f"{QUOTES}/quote?symbol=ACME", "health")


async def fetch(url: str, tenant: str) -> Response:
    """Forward a tenant's request to a service; answer 502 when the call fails."""
    try:
        answer = await client.get(url, headers={"X-Tenant": tenant})
    except httpx2.TransportError:
        return Response(status_code=502)
    return Response(answer.content, answer.status_code, media_type="application/json")
