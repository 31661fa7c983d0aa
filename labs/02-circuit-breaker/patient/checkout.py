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

payments = httpx2.Client(base_url=os.environ.get("PAYMENTS_URL", "http://payments:8000"), timeout=5)
outbox = httpx2.Client(base_url=os.environ.get("OUTBOX_URL", "http://outbox:8000"), timeout=1)

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
def check_out(order: Order) -> Response:
    """Take the money for an order."""
    # TODO: payments hangs, and takes the shop with it. Answer within 500 ms, leave payments alone while it is ill.
    return pay(order)


def pay(order: Order) -> Response:
    """Have payments charge an order: 201."""
    answer = payments.post("/charges", json=order.model_dump(), headers={"Idempotency-Key": order.order})
    return Response(answer.content, answer.status_code, media_type="application/json")


def pay_later(order: Order) -> Response:
    """Hand an order to the outbox, which has it charged under the same key once payments is well: 202."""
    answer = outbox.post("/entries", json={**order.model_dump(), "key": order.order})
    return Response(answer.content, answer.status_code, media_type="application/json")
