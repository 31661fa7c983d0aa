# With the library anyio. Its capacity limiters count the slots. They do not limit how many requests wait, so these are
# counted too. Two clients keep the connection pools apart.
"""Portal: fetch quotes and reports for tenants, and answer the orchestrator's health checks."""

import os
from collections import defaultdict
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Annotated

import anyio
import httpx2
from fastapi import Header, Response

from kit import create_app

QUOTES = os.environ.get("QUOTES_URL", "http://quotes:8000")
REPORTS = os.environ.get("REPORTS_URL", "http://reports:8000")

# Each compartment has its own pool, so that calls to slow reports hold no connection that quotes need.
quotes_client = httpx2.AsyncClient(limits=httpx2.Limits(max_connections=20), timeout=5)
reports_client = httpx2.AsyncClient(limits=httpx2.Limits(max_connections=8), timeout=5)

SLOTS, SLOTS_OF_ONE, WAITING, WAIT_SECONDS = 8, 4, 3, 0.3


@dataclass
class Tenant:
    """A tenant's share of the compartment, and the number of its waiting requests."""

    limiter: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(SLOTS_OF_ONE))
    waiting: int = 0


tenants = defaultdict[str, Tenant](Tenant)
everybody = anyio.CapacityLimiter(SLOTS)

app = create_app()


@app.get("/quote")
async def quote(symbol: str, x_tenant: Annotated[str, Header()]) -> Response:
    """Return the price of a symbol."""
    return await fetch(quotes_client, f"{QUOTES}/quote?symbol={symbol}", x_tenant)


@app.get("/reports/{month}")
async def report(month: str, x_tenant: Annotated[str, Header()]) -> Response:
    """Return a tenant's report for a month."""
    tenant = tenants[x_tenant]
    if tenant.waiting >= WAITING:
        return refused()
    async with AsyncExitStack() as slots:
        tenant.waiting += 1
        try:
            with anyio.fail_after(WAIT_SECONDS):
                await slots.enter_async_context(tenant.limiter)
                await slots.enter_async_context(everybody)
        except TimeoutError:
            return refused()
        finally:
            tenant.waiting -= 1
        return await fetch(reports_client, f"{REPORTS}/reports/{month}", x_tenant)


def refused() -> Response:
    """Answer 503 to a request that gets no slot."""
    return Response(status_code=503, headers={"Retry-After": "1"})


@app.get("/health")
async def health() -> Response:
    """Tell the orchestrator whether quotes, which most tenants need, are available."""
    return await fetch(quotes_client, f"{QUOTES}/quote?symbol=ACME", "health")


async def fetch(client: httpx2.AsyncClient, url: str, tenant: str) -> Response:
    """Forward a tenant's request to a service; answer 502 when the call fails."""
    try:
        answer = await client.get(url, headers={"X-Tenant": tenant})
    except httpx2.TransportError:
        return Response(status_code=502)
    return Response(answer.content, answer.status_code, media_type="application/json")
