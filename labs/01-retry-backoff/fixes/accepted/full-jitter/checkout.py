# By hand: after each failure a pause of random length up to a limit that doubles (full jitter), a deadline for all
# tries together, and the order's number as idempotency key, so that a hold whose answer was lost is found again.
"""Checkout: takes orders and has inventory hold their stock.

Two replicas of it stand before one `inventory` service.
"""

import asyncio
import os
import random
import time
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

# Seconds: for one try, for all of them, and the longest pause after the first and after any.
TRY, DEADLINE, BASE, CAP = 1.5, 4.5, 0.5, 2.0

app = create_app()


class Order(BaseModel):
    """What a customer orders; `order` is its number, which no other order has."""

    order: str
    item: str
    quantity: Annotated[int, Field(ge=1)]


@app.post("/orders")
async def place(order: Order) -> Response:
    """Hold the stock of an order at inventory, however often that must be asked for."""
    deadline = time.monotonic() + DEADLINE
    longest = BASE
    while (answer := await ask(order, deadline - time.monotonic())) is None:
        pause = random.uniform(0, longest)
        if time.monotonic() + pause >= deadline:
            return out_of_reach()
        await asyncio.sleep(pause)
        longest = min(2 * longest, CAP)
    return Response(answer.content, answer.status_code, media_type="application/json")


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
