# No lock. Each sale names the version of the shelf that it was computed from. The warehouse accepts it only if that is
# still the version. A buyer who was overtaken looks again. Redis is not needed.
"""Sales: sell shoes, one pair at a time.

Three replicas share one warehouse.
"""

import asyncio
import os
import random
import time

import httpx2
from fastapi import Response
from pydantic import BaseModel

from kit import create_app

warehouse = httpx2.AsyncClient(
    base_url=os.environ.get("WAREHOUSE_URL", "http://warehouse:8000"),
    limits=httpx2.Limits(max_connections=50),
    timeout=10,
)

PATIENCE_SECONDS = 1.5

app = create_app()


class Purchase(BaseModel):
    """One pair of `sku` for an order, whose number is unique."""

    sku: str
    order: str


@app.post("/buy")
async def buy(purchase: Purchase) -> Response:
    """Sell a pair with 201, or answer 409 when none is left."""
    try:
        return await sell(purchase)
    except (TimeoutError, httpx2.TransportError):
        return Response(status_code=503)


async def sell(purchase: Purchase) -> Response:
    """Look and sell until no other sale comes in between; raises TimeoutError."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up:
        seen = await warehouse.get(f"/stock/{purchase.sku}")
        stock = seen.json()
        if not stock["left"]:
            return Response(seen.content, 409, media_type="application/json")
        sale = {"order": purchase.order, "left": stock["left"] - 1, "version": stock["version"]}
        sold = await warehouse.post(f"/sales/{purchase.sku}", json=sale)
        if sold.is_success:
            return Response(sold.content, 201, media_type="application/json")
        # A random pause keeps replicas that collided from colliding again.
        await asyncio.sleep(random.uniform(0, 0.08))
    raise TimeoutError
