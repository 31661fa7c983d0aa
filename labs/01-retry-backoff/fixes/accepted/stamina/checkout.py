# With the library stamina: it doubles its pauses, adds up to a second at random, and gives up at its timeout. An
# exception marks a failure to retry; a 422 is an answer like any other.
"""Checkout: take orders and hold their stock at inventory.

Two replicas share one `inventory` service.
"""

import os
from typing import Annotated

import httpx2
import stamina
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
    """An order; its number `order` is unique."""

    order: str
    item: str
    quantity: Annotated[int, Field(ge=1)]


class ShakyError(Exception):
    """Inventory failed, and a retry may help."""


@app.post("/orders")
async def place(order: Order) -> Response:
    """Hold the stock of an order at inventory, with retries."""
    try:
        answer = await ask(order)
    except ShakyError:
        return out_of_reach()
    return Response(answer.content, answer.status_code, media_type="application/json")


@stamina.retry(on=ShakyError, attempts=None, timeout=2.8, wait_initial=0.2, wait_max=1.5, wait_jitter=1.0)
async def ask(order: Order) -> httpx2.Response:
    """Call inventory once, with the order's number as idempotency key; raise ShakyError on a transient failure."""
    try:
        answer = await inventory.post("/holds", json=order.model_dump(), headers={"Idempotency-Key": order.order})
    except httpx2.TransportError as error:
        raise ShakyError from error
    if answer.is_server_error:
        raise ShakyError
    return answer


def out_of_reach() -> Response:
    """Answer 503 to an order whose stock was not held."""
    return Response(status_code=503, headers={"Retry-After": "2"})
