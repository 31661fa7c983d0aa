# By hand. A lock with a lease, which only its owner releases, keeps buyers apart as long as all goes well. The safety
# comes from the version that each sale names. The warehouse refuses a sale that was computed from an older one, even
# after a restart of Redis. One deadline covers the wait for the lock, the look, and the sale.
"""Sales: sell shoes, one pair at a time.

Three replicas share one warehouse.
"""

import asyncio
import os
import random
import secrets
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

# A buyer waits 2 s, and a release may take 0.5 s. The budget ends before the lease does.
BUDGET_SECONDS = 1.4
LEASE_MILLISECONDS = 2000

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
    deadline = asyncio.get_running_loop().time() + BUDGET_SECONDS
    try:
        async with lock(purchase.sku, deadline), asyncio.timeout_at(deadline):
            return await sell(purchase)
    except (RedisError, OSError, httpx2.HTTPError):
        return Response(status_code=503)


@asynccontextmanager
async def lock(sku: str, deadline: float) -> AsyncIterator[None]:
    """Hold a SKU's lock, at most for its lease; raises TimeoutError if it stays taken."""
    key, owner = f"lock:{sku}", secrets.token_hex(8)
    try:
        async with asyncio.timeout_at(deadline):
            while not await store.set(key, owner, nx=True, px=LEASE_MILLISECONDS):
                pause = random.uniform(0.02, 0.06)
                await asyncio.sleep(pause)
        yield
    finally:
        # Also when the answer to SET was lost. A failed release must not undo the sale; the lease expires by itself.
        with suppress(RedisError, OSError):
            await release([key], [owner])


async def sell(purchase: Purchase) -> Response:
    """Sell from the shelf: 201, or 409 when it is empty."""
    seen = (await warehouse.get(f"/stock/{purchase.sku}")).raise_for_status()
    stock = seen.json()
    if not stock["left"]:
        return Response(seen.content, 409, media_type="application/json")
    # The warehouse refuses the sale if another one came after the look.
    sale = {"order": purchase.order, "left": stock["left"] - 1, "version": stock["version"]}
    sold = (await warehouse.post(f"/sales/{purchase.sku}", json=sale)).raise_for_status()
    return Response(sold.content, 201, media_type="application/json")
