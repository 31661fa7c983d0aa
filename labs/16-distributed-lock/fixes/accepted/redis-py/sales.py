# The client's own lock has an owner, a lease and a safe release. It has no fencing token, and its lease can run out
# while it is held. So each sale carries the next number after the highest that the warehouse remembers.
"""Sales: sells shoes, a pair at a time.

Three replicas of it stand before one warehouse.
"""

import os
from contextlib import suppress

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

LEASE_SECONDS = 2
PATIENCE_SECONDS = 1.5

app = create_app()


class Purchase(BaseModel):
    """A pair of `sku` for an order, whose number no other order has."""

    sku: str
    order: str


@app.post("/buy")
async def buy(purchase: Purchase) -> Response:
    """Sell a pair: 201; when there is none left: 409."""
    lock = store.lock(f"lock:{purchase.sku}", timeout=LEASE_SECONDS, sleep=0.04, blocking_timeout=PATIENCE_SECONDS)
    answer = Response(status_code=503)
    # What fails when the lock is given back does not undo the sale: then the answer is there already.
    with suppress(RedisError, OSError, httpx2.TransportError):
        async with lock:
            answer = await sell(purchase)
    return answer


async def sell(purchase: Purchase) -> Response:
    """Look at the shelf and sell from it: 201, or 409 when it is empty, or 503 when the lock was lost meanwhile."""
    seen = await warehouse.get(f"/stock/{purchase.sku}")
    stock = seen.json()
    if not stock["left"]:
        return Response(seen.content, 409, media_type="application/json")
    # Newer than all that the shelf has seen. Of two who have seen the same, it takes the first one's only.
    sale = {"order": purchase.order, "left": stock["left"] - 1, "token": stock["token"] + 1}
    sold = await warehouse.post(f"/sales/{purchase.sku}", json=sale)
    if sold.is_error:
        return Response(status_code=503)
    return Response(sold.content, 201, media_type="application/json")
