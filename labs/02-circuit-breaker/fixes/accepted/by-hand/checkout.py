# By hand: each call to payments has a time limit of its own; five failures in a row open the circuit for a second, then
# one call is on trial. While it is open, and for each call that fails, the outbox takes the order under the same key.
"""Checkout: knows what things cost, and takes the money for orders.

Front page, search and cart ask it for prices and totals. For money it asks `payments`.
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
    """Closed, it lets every call through; open, none; half-open, one, whose end closes or opens it again."""

    def __init__(self, failures: int, seconds: float) -> None:
        self._most = failures
        self._seconds = seconds
        self._failures = 0
        self._opened: float | None = None
        self._trial = False

    def admits(self) -> bool:
        """Tell whether a call may be made now; whoever makes it says how it ended."""
        if self._opened is None:
            return True
        if self._trial or time.monotonic() < self._opened + self._seconds:
            return False
        self._trial = True
        return True

    def succeeded(self) -> None:
        """Note a call that went well: what failed before it was noise, and a trial has been passed."""
        if self._opened is None or self._trial:
            self._failures, self._opened, self._trial = 0, None, False

    def failed(self) -> None:
        """Note a call that failed: one too many in a row, or the one on trial, opens the circuit."""
        self._failures += 1
        if self._trial or (self._opened is None and self._failures >= self._most):
            self._opened, self._trial = time.monotonic(), False


breaker = CircuitBreaker(failures=5, seconds=1.0)

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
    if not breaker.admits():
        return await pay_later(order)
    if (answer := await try_to_pay(order)) is None:
        breaker.failed()
        return await pay_later(order)
    breaker.succeeded()
    return answer


async def try_to_pay(order: Order) -> Response | None:
    """Have payments charge an order; return its answer, or None when it is ill."""
    try:
        answer = await pay(order)
    except httpx2.TransportError:
        return None
    return None if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR else answer


async def pay(order: Order) -> Response:
    """Have payments charge an order: 201."""
    answer = await payments.post("/charges", json=order.model_dump(), headers={"Idempotency-Key": order.order})
    return Response(answer.content, answer.status_code, media_type="application/json")


async def pay_later(order: Order) -> Response:
    """Hand an order to the outbox, which has it charged under the same key once payments is well: 202."""
    answer = await outbox.post("/entries", json={**order.model_dump(), "key": order.order})
    return Response(answer.content, answer.status_code, media_type="application/json")
