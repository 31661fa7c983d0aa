# With the library tenacity: `wait_random_exponential` is full jitter. It retries on results as well as on exceptions,
# so a 5xx need not become an exception. `asyncio.timeout` bounds each call and everything together, so that the
# library needs no limit of its own.
"""Checkout: take orders and hold their stock at inventory.

Two replicas share one `inventory` service.
"""

import asyncio
import os
from typing import Annotated

import httpx2
from fastapi import Response
from pydantic import BaseModel, Field
from tenacity import retry, retry_if_exception_type, retry_if_result, wait_random_exponential

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


@retry(
    retry=retry_if_exception_type((TimeoutError, httpx2.TransportError))
    | retry_if_result(lambda answer: answer.is_server_error),
    wait=wait_random_exponential(multiplier=0.5, max=2.0),
)
async def hold(order: Order) -> httpx2.Response:
    """Call inventory, with the order's number as idempotency key, until it answers without a 5xx."""
    async with asyncio.timeout(ATTEMPT):
        return await inventory.post("/holds", json=order.model_dump(), headers={"Idempotency-Key": order.order})


def out_of_reach() -> Response:
    """Answer 503 to an order whose stock was not held."""
    return Response(status_code=503, headers={"Retry-After": "2"})
