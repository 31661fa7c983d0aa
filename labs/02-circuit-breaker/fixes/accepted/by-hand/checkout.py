# By hand: each call to payments has a time limit. Five failures in a row open the circuit for a second; then one call
# is the trial. Whichever way the trial ends, the breaker learns of it, and the slot of the trial is free again. The
# outbox takes each order that is not paid, under the same key.
"""Checkout: answer prices, and charge orders.

Front page, search and cart call it for prices and totals. It charges orders at `payments`.
"""

import asyncio
import os
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Annotated

import httpx2
from fastapi import Response
from pydantic import BaseModel, Field

from kit import create_app

payments = httpx2.AsyncClient(base_url=os.environ.get("PAYMENTS_URL", "http://payments:8000"))
outbox = httpx2.AsyncClient(base_url=os.environ.get("OUTBOX_URL", "http://outbox:8000"), timeout=1)

# Seconds for a whole call: payments takes 0.03, and a buyer waits at most 0.5. A client's own timeout would only limit
# each silence within the call.
PATIENCE = 0.3


class PaymentError(Exception):
    """Payments did not answer with a charge."""


class CircuitOpenError(Exception):
    """The circuit is open: no call may be made now."""


class CircuitBreaker:
    """Admit every call when closed, none when open, and one trial when half-open."""

    def __init__(self, failures: int, seconds: float) -> None:
        self._most = failures
        self._seconds = seconds
        self._failures = 0
        self._opened: float | None = None
        self._trying = False

    @contextmanager
    def call(self) -> Iterator[None]:
        """Run the block as one call; raise CircuitOpenError when it may not be made now."""
        trial = self._opened is not None and self._due(self._opened)
        self._trying |= trial
        try:
            yield
        except Exception:
            self._failed(trial=trial)
            raise
        else:
            self._succeeded(trial=trial)
        finally:
            # A cancelled call says nothing about payments, but its slot is free, too.
            if trial:
                self._trying = False

    def _due(self, opened: float) -> bool:
        """Return True when a trial is due; raise CircuitOpenError when it is not."""
        if self._trying or time.monotonic() < opened + self._seconds:
            raise CircuitOpenError
        return True

    def _succeeded(self, *, trial: bool) -> None:
        # A call from before the circuit opened does not close it.
        if trial or self._opened is None:
            self._failures, self._opened = 0, None

    def _failed(self, *, trial: bool) -> None:
        self._failures += 1
        if trial or (self._opened is None and self._failures >= self._most):
            self._opened = time.monotonic()


breaker = CircuitBreaker(failures=5, seconds=1.0)

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
    try:
        with breaker.call():
            return await pay(order)
    except (CircuitOpenError, PaymentError, TimeoutError, httpx2.TransportError):
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
