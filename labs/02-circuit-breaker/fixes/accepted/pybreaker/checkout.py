# With the library pybreaker. Half-open, it admits all callers as well, so a lock lets only one of them try. Its
# `calling` may surround an `await`; its `call_async` is for Tornado only.
"""Checkout: answer prices, and charge orders.

Front page, search and cart call it for prices and totals. It charges orders at `payments`.
"""

import asyncio
import os
import zlib
from contextlib import nullcontext
from http import HTTPStatus
from typing import Annotated

import httpx2
from fastapi import Response
from pybreaker import STATE_CLOSED, CircuitBreaker, CircuitBreakerError
from pydantic import BaseModel, Field

from kit import create_app

payments = httpx2.AsyncClient(base_url=os.environ.get("PAYMENTS_URL", "http://payments:8000"))
outbox = httpx2.AsyncClient(base_url=os.environ.get("OUTBOX_URL", "http://outbox:8000"), timeout=1)

# Seconds for a whole call: payments takes 0.03, and a buyer waits at most 0.5. A client's own timeout would only limit
# each silence within the call.
PATIENCE = 0.3


class PaymentError(Exception):
    """Payments did not answer with a charge."""


breaker = CircuitBreaker(fail_max=5, reset_timeout=1.0)
trial = asyncio.Lock()

app = create_app()


class Order(BaseModel):
    """An order to pay; its number `order` is unique, `amount` is in cents."""

    order: str
    amount: Annotated[int, Field(ge=1)]


@app.get("/prices/{item}")
def price(item: str) -> dict[str, int]:
    """Return the price of an item in cents."""
    return {"price": zlib.crc32(item.encode()) % 10_000}


@app.get("/total")
def total(items: int) -> dict[str, int]:
    """Return the price of a cart with this many items, in cents."""
    return {"total": sum(price(str(number))["price"] for number in range(items))}


@app.post("/checkout")
async def check_out(order: Order) -> Response:
    """Charge an order at once, or later while payments is failing."""
    closed = breaker.current_state == STATE_CLOSED
    if not closed and trial.locked():
        return await pay_later(order)
    try:
        async with nullcontext() if closed else trial:
            with breaker.calling():
                return await pay(order)
    except (CircuitBreakerError, PaymentError, TimeoutError, httpx2.TransportError):
        return await pay_later(order)


async def pay(order: Order) -> Response:
    """Charge an order at payments, which answers 201, or 4xx for an order that it will never charge.

    Raise PaymentError for any other answer, and TimeoutError when the whole call takes too long.
    """
    async with asyncio.timeout(PATIENCE):
        answer = await payments.post("/charges", json=order.model_dump(), headers={"Idempotency-Key": order.order})
    if answer.status_code != HTTPStatus.CREATED and not answer.is_client_error:
        raise PaymentError(answer.status_code)
    return Response(answer.content, answer.status_code, media_type="application/json")


async def pay_later(order: Order) -> Response:
    """Hand an order to the outbox (202), which charges it under the same key once payments is healthy."""
    answer = await outbox.post("/entries", json={**order.model_dump(), "key": order.order})
    return Response(answer.content, answer.status_code, media_type="application/json")
