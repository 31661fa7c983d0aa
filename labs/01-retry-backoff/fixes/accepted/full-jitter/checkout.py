# By hand: full jitter (a random pause up to a limit that doubles), and one deadline for everything. `asyncio.timeout`
# bounds a whole call, where the client's own timeout bounds only each wait for data. The order's number is the
# idempotency key, so that inventory finds a hold whose answer was lost.
"""Checkout: take orders and hold their stock at inventory.

Two replicas share one `inventory` service.
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

# Seconds: the limit of one attempt, the deadline of all, and the first and largest limit of a pause.
ATTEMPT, DEADLINE, BASE, CAP = 1.5, 4.5, 0.5, 2.0

app = create_app()


class Order(BaseModel):
    """An order; its number `order` is unique."""

    order: str
    item: str
    quantity: Annotated[int, Field(ge=1)]


@app.post("/orders")
async def place(order: Order) -> Response:
    """Hold the stock of an order at inventory, with retries."""
    longest = BASE
    try:
        async with asyncio.timeout(DEADLINE):
            while (answer := await ask(order)) is None:
                await asyncio.sleep(random.uniform(0, longest))
                longest = min(2 * longest, CAP)
    except TimeoutError:
        return out_of_reach()
    return Response(answer.content, answer.status_code, media_type="application/json")


async def ask(order: Order) -> httpx2.Response | None:
    """Call inventory once; return its answer, or None after a transient failure.

    The order's number is the idempotency key, so retries hold its stock once.
    """
    try:
        async with asyncio.timeout(ATTEMPT):
            answer = await inventory.post("/holds", json=order.model_dump(), headers={"Idempotency-Key": order.order})
    except (TimeoutError, httpx2.TransportError):
        return None
    return None if answer.is_server_error else answer


def out_of_reach() -> Response:
    """Answer 503 to an order whose stock was not held."""
    return Response(status_code=503, headers={"Retry-After": "2"})
