# By hand: each call to payments has a time limit. Five failures in a row open the circuit for a second; then one call
# is the trial. The outbox takes each order that is not paid, under the same key.
"""Checkout: answer prices, and charge orders.

Front page, search and cart call it for prices and totals. It charges orders at `payments`.
"""

import os
import time
import zlib
from http import HTTPStatus
from typing import Annotated

import httpx2
from fastapi import Response
from pydantic import BaseModel, Field

from kit import create_app

payments = httpx2.AsyncClient(base_url=os.environ.get("PAYMENTS_URL", "http://payments:8000"), timeout=0.3)
outbox = httpx2.AsyncClient(base_url=os.environ.get("OUTBOX_URL", "http://outbox:8000"), timeout=1)


class CircuitBreaker:
    """Admit every call when closed, none when open, and one trial when half-open."""

    def __init__(self, failures: int, seconds: float) -> None:
        self._most = failures
        self._seconds = seconds
        self._failures = 0
        self._opened: float | None = None
        self._trial = False

    def admits(self) -> bool:
        """Tell whether a call may be made now; the caller then reports how it ended."""
        if self._opened is None:
            return True
        if self._trial or time.monotonic() < self._opened + self._seconds:
            return False
        self._trial = True
        return True

    def succeeded(self) -> None:
        """Reset the count after a success, and close the circuit after a trial."""
        if self._opened is None or self._trial:
            self._failures, self._opened, self._trial = 0, None, False

    def failed(self) -> None:
        """Count a failure; open the circuit after too many in a row, or after a trial."""
        self._failures += 1
        if self._trial or (self._opened is None and self._failures >= self._most):
            self._opened, self._trial = time.monotonic(), False


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
    if not breaker.admits():
        return await pay_later(order)
    if (answer := await try_to_pay(order)) is None:
        breaker.failed()
        return await pay_later(order)
    breaker.succeeded()
    return answer


async def try_to_pay(order: Order) -> Response | None:
    """Charge an order at payments; return its answer, or None when it fails."""
    try:
        answer = await pay(order)
    except httpx2.TransportError:
        return None
    return None if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR else answer


async def pay(order: Order) -> Response:
    """Charge an order at payments, which answers 201."""
    answer = await payments.post("/charges", json=order.model_dump(), headers={"Idempotency-Key": order.order})
    return Response(answer.content, answer.status_code, media_type="application/json")


async def pay_later(order: Order) -> Response:
    """Hand an order to the outbox (202), which charges it under the same key once payments is healthy."""
    answer = await outbox.post("/entries", json={**order.model_dump(), "key": order.order})
    return Response(answer.content, answer.status_code, media_type="application/json")
