"""Sales: sell shoes, one pair at a time.

Three replicas share one warehouse.
"""

import os

import httpx2
from fastapi import Response
from pydantic import BaseModel
from redis.asyncio import Redis
from redis.backoff import NoBackoff
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

app = create_app()


class Purchase(BaseModel):
    """One pair of `sku` for an order, whose number is unique."""

    sku: str
    order: str


@app.post("/buy")
async def buy(purchase: Purchase) -> Response:
    """Sell a pair with 201, or answer 409 when none is left."""
    # TODO: another replica may sell between the look at the shelf and the sale. Only one may sell a SKU at a time, and
    # a sale that arrives too late must not count.
    seen = await warehouse.get(f"/stock/{purchase.sku}")
    left = seen.json()["left"]
    if not left:
        return Response(seen.content, 409, media_type="application/json")
    sale = {"order": purchase.order, "left": left - 1}
    sold = await warehouse.post(f"/sales/{purchase.sku}", json=sale)
    return Response(sold.content, sold.status_code, media_type="application/json")
