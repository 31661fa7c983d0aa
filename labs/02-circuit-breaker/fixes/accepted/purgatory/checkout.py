# With the library purgatory. Half-open, it lets all callers through, so a lock lets one of them try.
"""Checkout: knows what things cost, and takes the money for orders.

Front page, search and cart ask it for prices and totals. For money it asks `payments`.
"""

import asyncio
import os
import zlib
from contextlib import nullcontext
from http import HTTPStatus
from typing import Annotated

import httpx2
from fastapi import Response
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState
from pydantic import BaseModel, Field

from kit import create_app

payments = httpx2.AsyncClient(base_url=os.environ.get("PAYMENTS_URL", "http://payments:8000"), timeout=0.3)
outbox = httpx2.AsyncClient(base_url=os.environ.get("OUTBOX_URL", "http://outbox:8000"), timeout=1)


class IllError(Exception):
    """Payments answered, and that it cannot."""


breakers = AsyncCircuitBreakerFactory(default_threshold=5, default_ttl=1.0)
trial = asyncio.Lock()

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
    """Take the money for an order: at once, or later while payments is ill."""
    breaker = await breakers.get_breaker("payments")
    closed = breaker.context.state == "closed"
    if not closed and trial.locked():
        return await pay_later(order)
    try:
        async with nullcontext() if closed else trial, breaker:
            return await pay_or_fail(order)
    except (OpenedState, httpx2.TransportError, IllError):
        return await pay_later(order)


async def pay_or_fail(order: Order) -> Response:
    """Have payments charge an order; raises IllError when it answers that it cannot."""
    answer = await pay(order)
    if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise IllError
    return answer


async def pay(order: Order) -> Response:
    """Have payments charge an order: 201."""
    answer = await payments.post("/charges", json=order.model_dump(), headers={"Idempotency-Key": order.order})
    return Response(answer.content, answer.status_code, media_type="application/json")


async def pay_later(order: Order) -> Response:
    """Hand an order to the outbox, which has it charged under the same key once payments is well: 202."""
    answer = await outbox.post("/entries", json={**order.model_dump(), "key": order.order})
    return Response(answer.content, answer.status_code, media_type="application/json")
