# The client's own lock has an owner, a lease and a safe release. It issues no fencing token, and its lease can expire
# while it is held. So each sale names the version of the shelf that it was computed from.
"""Sales: sell shoes, one pair at a time.

Three replicas share one warehouse.
"""

import asyncio
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

# The replicas share it. The client's hidden retries are off, so that a failing store is visible.
store = Redis.from_url(
    os.environ.get("REDIS_URL", "redis://patient:patient@redis:6379/0"),
    retry=Retry(NoBackoff(), 0),
    socket_timeout=0.5,
    decode_responses=True,
)

# A buyer waits 2 s, and a release may take 0.5 s. The budget ends before the lease does.
BUDGET_SECONDS = 1.4
LEASE_SECONDS = 2

app = create_app()


class Purchase(BaseModel):
    """One pair of `sku` for an order, whose number is unique."""

    sku: str
    order: str


@app.post("/buy")
async def buy(purchase: Purchase) -> Response:
    """Sell a pair with 201, or answer 409 when none is left."""
    deadline = asyncio.get_running_loop().time() + BUDGET_SECONDS
    lock = store.lock(f"lock:{purchase.sku}", timeout=LEASE_SECONDS, sleep=0.04, blocking_timeout=BUDGET_SECONDS)
    answer = Response(status_code=503)
    # A failed release does not undo the sale, because the answer is there already.
    with suppress(RedisError, OSError, httpx2.HTTPError):
        async with lock, asyncio.timeout_at(deadline):
            answer = await sell(purchase)
    return answer


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
