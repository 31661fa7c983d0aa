# Tempting, as a second try is what everybody begins with. Inventory is away for two seconds, and the second try comes
# a millisecond after the first.
"""Checkout: takes orders and has inventory hold their stock.

Two replicas of it stand before one `inventory` service.
"""

import os
from typing import Annotated

import httpx2
from fastapi import Response
from pydantic import BaseModel, Field

from kit import create_app

inventory = httpx2.AsyncClient(
    base_url=os.environ.get("INVENTORY_URL", "http://inventory:8000"),
    limits=httpx2.Limits(max_connections=400),
    timeout=1.5,
)

app = create_app()


class Order(BaseModel):
    """What a customer orders; `order` is its number, which no other order has."""

    order: str
    item: str
    quantity: Annotated[int, Field(ge=1)]


@app.post("/orders")
async def place(order: Order) -> Response:
    """Hold the stock of an order at inventory, and ask a second time if need be."""
    answer = await ask(order) or await ask(order)
    if answer is None:
        return out_of_reach()
    return Response(answer.content, answer.status_code, media_type="application/json")


async def ask(order: Order) -> httpx2.Response | None:
    """Ask inventory once; return its answer, or None when asking again may help.

    The order's number is the idempotency key: whatever became of an earlier try, stock is held once.
    """
    try:
        answer = await inventory.post(
            "/holds",
            json=order.model_dump(),
            headers={"Idempotency-Key": order.order},
        )
    except httpx2.TransportError:
        return None
    return None if answer.is_server_error else answer


def out_of_reach() -> Response:
    """Return the answer to an order whose stock could not be held."""
    return Response(status_code=503, headers={"Retry-After": "2"})
