# Tempts, as nothing that payments does can be felt any more. That it is well cannot be felt either.
"""Checkout: knows what things cost, and takes the money for orders.

Front page, search and cart ask it for prices and totals. For money it asks `payments`.
"""

import os
import zlib
from typing import Annotated

import httpx2
from fastapi import Response
from pydantic import BaseModel, Field

from kit import create_app

outbox = httpx2.AsyncClient(base_url=os.environ.get("OUTBOX_URL", "http://outbox:8000"), timeout=1)


app = create_app()


class Order(BaseModel):
    """What a customer pays; `order` is its number, which no other order has, `amount` is in cents."""

    order: str
    amount: Annotated[int, Field(ge=1)]


@app.get("/prices/{item}")
def price(item: str) -> dict[str, int]:
    """Answer what an item costs, in cents."""
    return {"price": zlib.crc32(item.encode()) % 10_000}


@app.get("/total")
def total(items: int) -> dict[str, int]:
    """Answer what so many items of a cart cost, in cents."""
    return {"total": sum(price(str(number))["price"] for number in range(items))}


@app.post("/checkout")
async def check_out(order: Order) -> Response:
    """Take an order; the money is the outbox's business."""
    return await pay_later(order)


async def pay_later(order: Order) -> Response:
    """Hand an order to the outbox, which has it charged under the same key once payments is well: 202."""
    answer = await outbox.post("/entries", json={**order.model_dump(), "key": order.order})
    return Response(answer.content, answer.status_code, media_type="application/json")
