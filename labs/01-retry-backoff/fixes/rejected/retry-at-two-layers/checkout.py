# Tempting, as three tries here and three tries there are both reasonable. Together they are nine.
"""Checkout: takes orders and has inventory hold their stock.

Two replicas of it stand before one `inventory` service.
"""

import asyncio
import os
import random
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

# Tries of each layer; seconds for one try, and the longest pause before the next.
TRIES, TRY, PAUSE = 3, 1.5, 0.3

app = create_app()


class Order(BaseModel):
    """What a customer orders; `order` is its number, which no other order has."""

    order: str
    item: str
    quantity: Annotated[int, Field(ge=1)]


@app.post("/orders")
async def place(order: Order) -> Response:
    """Hold the stock of an order at inventory, however often that must be asked for."""
    for _ in range(TRIES):
        if (answer := await ask_thrice(order)) is not None:
            return Response(answer.content, answer.status_code, media_type="application/json")
        await asyncio.sleep(random.uniform(0, PAUSE))
    return out_of_reach()


async def ask_thrice(order: Order) -> httpx2.Response | None:
    """Ask inventory, and again when that may help, as a client library does by itself."""
    for _ in range(TRIES):
        if (answer := await ask(order, TRY)) is not None:
            return answer
        await asyncio.sleep(random.uniform(0, PAUSE))
    return None


async def ask(order: Order, seconds: float) -> httpx2.Response | None:
    """Ask inventory once, for so many seconds at most; return its answer, or None when asking again may help.

    The order's number is the idempotency key: whatever became of an earlier try, stock is held once.
    """
    try:
        answer = await inventory.post(
            "/holds",
            json=order.model_dump(),
            headers={"Idempotency-Key": order.order},
            timeout=min(TRY, seconds),
        )
    except httpx2.TransportError:
        return None
    return None if answer.is_server_error else answer


def out_of_reach() -> Response:
    """Return the answer to an order whose stock could not be held."""
    return Response(status_code=503, headers={"Retry-After": "2"})
