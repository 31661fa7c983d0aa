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
    """Hold the stock of an order at inventory."""
    # TODO: inventory blinks. Get the order through all the same, within 5 seconds, and hold its stock once.
    try:
        answer = await inventory.post("/holds", json=order.model_dump())
    except httpx2.TransportError:
        return out_of_reach()
    if answer.is_server_error:
        return out_of_reach()
    return Response(answer.content, answer.status_code, media_type="application/json")


def out_of_reach() -> Response:
    """Return the answer to an order whose stock could not be held."""
    return Response(status_code=503, headers={"Retry-After": "2"})
