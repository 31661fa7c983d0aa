# With the library stamina: it doubles its pauses, and adds up to a second at random. `raise_for_status` makes an
# exception of a 5xx; a 422 is an answer like any other. The library counts the time only between attempts, so
# `asyncio.timeout` bounds each call and everything together.
"""Checkout: take orders and hold their stock at inventory.

Two replicas share one `inventory` service.
"""

import asyncio
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

# Seconds: the limit of one attempt, and the deadline of all.
ATTEMPT, DEADLINE = 1.5, 4.5

app = create_app()


class Order(BaseModel):
    """An order; its number `order` is unique."""

    order: str
    item: str
    quantity: Annotated[int, Field(ge=1)]


@app.post("/orders")
async def place(order: Order) -> Response:
    """Hold the stock of an order at inventory, with retries."""
    try:
        async with asyncio.timeout(DEADLINE):
            answer = await hold(order)
    except TimeoutError:
        return out_of_reach()
    return Response(answer.content, answer.status_code, media_type="application/json")


@stamina.retry(
    on=(TimeoutError, httpx2.HTTPError), attempts=None, timeout=None, wait_initial=0.2, wait_max=1.5, wait_jitter=1.0
)
async def hold(order: Order) -> httpx2.Response:
    """Call inventory, with the order's number as idempotency key, until it answers without a 5xx."""
    async with asyncio.timeout(ATTEMPT):
        answer = await inventory.post("/holds", json=order.model_dump(), headers={"Idempotency-Key": order.order})
    if answer.is_server_error:
        answer.raise_for_status()
    return answer


def out_of_reach() -> Response:
    """Answer 503 to an order whose stock was not held."""
    return Response(status_code=503, headers={"Retry-After": "2"})
