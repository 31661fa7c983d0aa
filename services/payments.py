"""Payments: charges orders. Ten workers of 30 ms each."""

import asyncio
from typing import Annotated

from fastapi import Header
from pydantic import BaseModel, Field

from kit.service import StockService

WORK_SECONDS = 0.03

service = StockService("payments", workers=10)


class Bill(BaseModel):
    """What an order costs, in cents."""

    order: Annotated[str, Field(min_length=1, max_length=64)]
    amount: Annotated[int, Field(ge=1, le=1_000_000)]


class Charge(BaseModel):
    """What was charged, with a receipt that the order is paid."""

    charge: int
    order: str
    amount: int
    receipt: str


_charged: set[str] = set()
"""Orders that were charged."""

_by_key: dict[str, Charge] = {}
"""What was answered under each idempotency key."""


@service.app.post("/charges", status_code=201)
async def charge(bill: Bill, idempotency_key: Annotated[str | None, Header(max_length=64)] = None) -> Charge:
    """Charge an order; asked again with the same `Idempotency-Key`, answer the charge that there is."""
    async with service.capacity.worker():
        await asyncio.sleep(WORK_SECONDS)
    if idempotency_key in _by_key:
        return _by_key[idempotency_key]
    service.ledger.record("second-charge" if bill.order in _charged else "charge", account="payments")
    _charged.add(bill.order)
    made = Charge(
        charge=len(_charged),
        **bill.model_dump(),
        receipt=service.receipts.issue("paid", bill.order),
    )
    if idempotency_key is not None:
        _by_key[idempotency_key] = made
    return made
