# By hand. Semaphores limit all tenants together and each one. The queue has a length and a time limit. Reports has
# its own connection pool. The context manager releases a slot however the call ends. A tenant's share is forgotten with
# its last request, because clients choose the header.
"""Portal: fetch quotes and reports for tenants, and answer the orchestrator's health checks."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Annotated
from weakref import WeakValueDictionary

import httpx2
from fastapi import Header, Response

from kit import create_app

QUOTES = os.environ.get("QUOTES_URL", "http://quotes:8000")
REPORTS = os.environ.get("REPORTS_URL", "http://reports:8000")

CALL_SECONDS = 5

# Each compartment has its own pool, so that calls to slow reports hold no connection that quotes need.
quotes_client = httpx2.AsyncClient(limits=httpx2.Limits(max_connections=20), timeout=CALL_SECONDS)
reports_client = httpx2.AsyncClient(limits=httpx2.Limits(max_connections=8), timeout=CALL_SECONDS)


class FullError(Exception):
    """The tenant's queue is full, or no slot came free in time."""


@dataclass
class Share:
    """A tenant's slots, and the number of its waiting requests."""

    slots: asyncio.Semaphore
    waiting: int = 0


class Compartment:
    """Limit the slots of all tenants and of each one, with a short queue per tenant."""

    def __init__(self, slots: int, of_one: int, waiting: int, seconds: float) -> None:
        self._all = asyncio.Semaphore(slots)
        # A share lives as long as one of the tenant's requests.
        self._shares: WeakValueDictionary[str, Share] = WeakValueDictionary()
        self._of_one = of_one
        self._most_waiting = waiting
        self._seconds = seconds

    @asynccontextmanager
    async def slot(self, tenant: str) -> AsyncIterator[None]:
        """Hold a slot; raises FullError when the queue is full or no slot comes free in time."""
        share = self._shares.setdefault(tenant, Share(asyncio.Semaphore(self._of_one)))
        async with AsyncExitStack() as held:
            await self._take(share, held)
            yield

    async def _take(self, share: Share, held: AsyncExitStack) -> None:
        if share.waiting >= self._most_waiting:
            raise FullError
        share.waiting += 1
        try:
            async with asyncio.timeout(self._seconds):
                # The tenant's own slot comes first, so that a request that waits for it holds no shared slot.
                await held.enter_async_context(share.slots)
                await held.enter_async_context(self._all)
        except TimeoutError as error:
            raise FullError from error
        finally:
            share.waiting -= 1


compartment = Compartment(slots=8, of_one=4, waiting=3, seconds=0.3)

app = create_app()


@app.get("/quote")
async def quote(symbol: str, x_tenant: Annotated[str, Header()]) -> Response:
    """Return the price of a symbol."""
    return await fetch(quotes_client, f"{QUOTES}/quote?symbol={symbol}", x_tenant)


@app.get("/reports/{month}")
async def report(month: str, x_tenant: Annotated[str, Header()]) -> Response:
    """Return a tenant's report for a month."""
    try:
        async with compartment.slot(x_tenant):
            return await fetch(reports_client, f"{REPORTS}/reports/{month}", x_tenant)
    except FullError:
        return Response(status_code=503, headers={"Retry-After": "1"})


@app.get("/health")
async def health() -> Response:
    """Tell the orchestrator whether quotes, which most tenants need, are available."""
    return await fetch(quotes_client, f"{QUOTES}/quote?symbol=ACME", "health")


async def fetch(client: httpx2.AsyncClient, url: str, tenant: str) -> Response:
    """Forward a tenant's request to a service; answer 502 when the call fails."""
    try:
        # The client's timeout limits each read. This one limits the call, and so the time for which it holds a slot.
        async with asyncio.timeout(CALL_SECONDS):
            answer = await client.get(url, headers={"X-Tenant": tenant})
    except (TimeoutError, httpx2.TransportError):
        return Response(status_code=502)
    return Response(answer.content, answer.status_code, media_type="application/json")
