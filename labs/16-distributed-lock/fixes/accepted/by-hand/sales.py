# By hand. A lock with a lease, which only its owner releases, keeps buyers apart as long as all goes well. The safety
# comes from the number of each sale. The warehouse remembers the highest, so a late sale is refused, even after a
# restart of Redis.
"""Sales: sell shoes, one pair at a time.

Three replicas share one warehouse.
"""

import asyncio
import os
import random
import secrets
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

# The replicas share it. The client's hidden retries are off, so that a failing store is visible.
store = Redis.from_url(
    os.environ.get("REDIS_URL", "redis://patient:patient@redis:6379/0"),
    retry=Retry(NoBackoff(), 0),
    socket_timeout=0.5,
    decode_responses=True,
)

LEASE_MILLISECONDS = 2000
PATIENCE_SECONDS = 1.5

# A script is atomic. A replica that has outlived its lease must not release the lock of another one.
release = store.register_script("""
if redis.call("GET", KEYS[1]) == ARGV[1] then
    redis.call("DEL", KEYS[1])
end
""")

app = create_app()


class Purchase(BaseModel):
    """One pair of `sku` for an order, whose number is unique."""

    sku: str
    order: str


@app.post("/buy")
async def buy(purchase: Purchase) -> Response:
    """Sell a pair with 201, or answer 409 when none is left."""
    try:
        async with lock(purchase.sku):
            return await sell(purchase)
    except (RedisError, OSError, TimeoutError, httpx2.TransportError):
        return Response(status_code=503)


@asynccontextmanager
async def lock(sku: str) -> AsyncIterator[None]:
    """Hold a SKU's lock, at most for its lease; raises TimeoutError if it stays taken."""
    key, owner = f"lock:{sku}", secrets.token_hex(8)
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not await store.set(key, owner, nx=True, px=LEASE_MILLISECONDS):
        if time.monotonic() > give_up:
            raise TimeoutError
        await asyncio.sleep(random.uniform(0.02, 0.06))
    try:
        yield
    finally:
        # A failed release must not undo the sale, because the lease expires by itself.
        with suppress(RedisError, OSError):
            await release([key], [owner])


async def sell(purchase: Purchase) -> Response:
    """Sell from the shelf: 201, 409 when it is empty, 503 when the lock was lost."""
    seen = await warehouse.get(f"/stock/{purchase.sku}")
    stock = seen.json()
    if not stock["left"]:
        return Response(seen.content, 409, media_type="application/json")
    # Higher than every token that the shelf has seen. When two sales saw the same one, the shelf takes only the first.
    sale = {"order": purchase.order, "left": stock["left"] - 1, "token": stock["token"] + 1}
    sold = await warehouse.post(f"/sales/{purchase.sku}", json=sale)
    if sold.is_error:
        return Response(status_code=503)
    return Response(sold.content, 201, media_type="application/json")
