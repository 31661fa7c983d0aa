# With the library anyio. Its semaphores count the slots; waiting requests are counted, too. With fast_acquire, a
# request that finds a free slot never counts as waiting. Two clients keep the connection pools apart. A tenant is
# forgotten with its last request, because clients choose the header.
"""Portal: fetch quotes and reports for tenants, and answer the orchestrator's health checks."""

import os
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Annotated
from weakref import WeakValueDictionary

import anyio
import httpx2
from fastapi import Header, Response

from kit import create_app

QUOTES = os.environ.get("QUOTES_URL", "http://quotes:8000")
REPORTS = os.environ.get("REPORTS_URL", "http://reports:8000")

CALL_SECONDS = 5

# Each compartment has its own pool, so that calls to slow reports hold no connection that quotes need.
quotes_client = httpx2.AsyncClient(limits=httpx2.Limits(max_connections=20), timeout=CALL_SECONDS)
reports_client = httpx2.AsyncClient(limits=httpx2.Limits(max_connections=8), timeout=CALL_SECONDS)

SLOTS, SLOTS_OF_ONE, WAITING, WAIT_SECONDS = 8, 4, 3, 0.3


@dataclass
class Tenant:
    """A tenant's share of the compartment, and the number of its waiting requests."""

    slots: anyio.Semaphore = field(default_factory=lambda: anyio.Semaphore(SLOTS_OF_ONE, fast_acquire=True))
    waiting: int = 0


# A tenant lives as long as one of its requests.
tenants: WeakValueDictionary[str, Tenant] = WeakValueDictionary()
everybody = anyio.Semaphore(SLOTS, fast_acquire=True)

app = create_app()


@app.get("/quote")
async def quote(symbol: str, x_tenant: Annotated[str, Header()]) -> Response:
    """Return the price of a symbol."""
    return await fetch(quotes_client, f"{QUOTES}/quote?symbol={symbol}", x_tenant)


@app.get("/reports/{month}")
async def report(month: str, x_tenant: Annotated[str, Header()]) -> Response:
    """Return a tenant's report for a month."""
    tenant = tenants.setdefault(x_tenant, Tenant())
    if tenant.waiting >= WAITING:
        return refused()
    async with AsyncExitStack() as slots:
        tenant.waiting += 1
        try:
            with anyio.fail_after(WAIT_SECONDS):
                await slots.enter_async_context(tenant.slots)
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
        # The client's timeout limits each read. This one limits the call, and so the time for which it holds a slot.
        with anyio.fail_after(CALL_SECONDS):
            answer = await client.get(url, headers={"X-Tenant": tenant})
    except (TimeoutError, httpx2.TransportError):
        return Response(status_code=502)
    return Response(answer.content, answer.status_code, media_type="application/json")
