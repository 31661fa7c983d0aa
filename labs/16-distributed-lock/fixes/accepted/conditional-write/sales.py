# No lock. Each sale names the version of the shelf that it was computed from. The warehouse accepts it only if that is
# still the version. A buyer who was overtaken looks again. Redis is not needed.
"""Sales: sell shoes, one pair at a time.

Three replicas share one warehouse.
"""

import asyncio
import os
import random
from http import HTTPStatus

import httpx2
from fastapi import Response
from pydantic import BaseModel

from kit import create_app

warehouse = httpx2.AsyncClient(
    base_url=os.environ.get("WAREHOUSE_URL", "http://warehouse:8000"),
    limits=httpx2.Limits(max_connections=50),
    timeout=10,
)

# A buyer waits 2 s.
BUDGET_SECONDS = 1.4

app = create_app()


class Purchase(BaseModel):
    """One pair of `sku` for an order, whose number is unique."""

    sku: str
    order: str


@app.post("/buy")
async def buy(purchase: Purchase) -> Response:
    """Sell a pair with 201, or answer 409 when none is left."""
    try:
        async with asyncio.timeout(BUDGET_SECONDS):
            return await sell(purchase)
    except (TimeoutError, httpx2.HTTPError):
        return Response(status_code=503)


async def sell(purchase: Purchase) -> Response:
    """Look and sell until no other sale comes in between: 201, or 409 when the shelf is empty."""
    while True:
        seen = (await warehouse.get(f"/stock/{purchase.sku}")).raise_for_status()
        stock = seen.json()
        if not stock["left"]:
            return Response(seen.content, 409, media_type="application/json")
        sale = {"order": purchase.order, "left": stock["left"] - 1, "version": stock["version"]}
        sold = await warehouse.post(f"/sales/{purchase.sku}", json=sale)
        if sold.status_code != HTTPStatus.CONFLICT:
            return Response(sold.raise_for_status().content, 201, media_type="application/json")
        # A random pause keeps replicas that collided from colliding again.
        await asyncio.sleep(random.uniform(0, 0.08))
