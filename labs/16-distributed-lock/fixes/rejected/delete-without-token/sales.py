# Whoever leaves deletes the lock, by whatever way; what else should it delete? When its lease has run out meanwhile, or
# its patience before it had one, another's, and then a third comes in while the second is at it, whose lock the second
# deletes.
"""Sales: sells shoes, a pair at a time.

Three replicas of it stand before one warehouse.
"""

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx2
from fastapi import Response
from pydantic import BaseModel
from redis.asyncio import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from kit import create_app

warehouse = httpx2.AsyncClient(
    base_url=os.environ.get("WAREHOUSE_URL", "http://warehouse:8000"),
    limits=httpx2.Limits(max_connections=50),
    timeout=10,
)

# What the replicas share. Without hidden retries: a store that is away is to be seen.
store = Redis.from_url(
    os.environ.get("REDIS_URL", "redis://patient:patient@redis:6379/0"),
    retry=Retry(NoBackoff(), 0),
    socket_timeout=0.5,
    decode_responses=True,
)

LEASE_MILLISECONDS = 2000
PATIENCE_SECONDS = 1.5

app = create_app()


class Purchase(BaseModel):
    """A pair of `sku` for an order, whose number no other order has."""

    sku: str
    order: str


@app.post("/buy")
async def buy(purchase: Purchase) -> Response:
    """Sell a pair: 201; when there is none left: 409."""
    try:
        async with lock(purchase.sku):
            return await sell(purchase)
    except (RedisError, OSError, TimeoutError, httpx2.TransportError):
        return Response(status_code=503)


@asynccontextmanager
async def lock(sku: str) -> AsyncIterator[None]:
    """Hold a SKU's lock, for no longer than its lease; raises TimeoutError when it does not come free in time."""
    key = f"lock:{sku}"
    give_up = time.monotonic() + PATIENCE_SECONDS
    try:
        while not await store.set(key, "held", nx=True, px=LEASE_MILLISECONDS):
            if time.monotonic() > give_up:
                raise TimeoutError
            await asyncio.sleep(random.uniform(0.02, 0.06))
        yield
    finally:
        # The sale is made or not, whatever becomes of the lock: its lease ends by itself.
        with suppress(RedisError, OSError):
            await store.delete(key)


async def sell(purchase: Purchase) -> Response:
    """Look at the shelf and sell from it: 201, or 409 when it is empty."""
    seen = await warehouse.get(f"/stock/{purchase.sku}")
    stock = seen.json()
    if not stock["left"]:
        return Response(seen.content, 409, media_type="application/json")
    sale = {"order": purchase.order, "left": stock["left"] - 1}
    sold = await warehouse.post(f"/sales/{purchase.sku}", json=sale)
    return Response(sold.content, sold.status_code, media_type="application/json")
