"""Payments: charges and refunds orders. Ten workers of 30 ms each."""

import asyncio
from typing import Annotated

from fastapi import Header, HTTPException, Path
from pydantic import BaseModel, Field

from kit.idempotency import IdempotencyRecords
from kit.journal import Journal
from kit.service import StockService

WORK_SECONDS = 0.03

service = StockService("payments", workers=10)
journal = Journal()


class ChargeRequest(BaseModel):
    """Ask for a charge.

    `amount` is in cents.
    """

    order: Annotated[str, Field(min_length=1, max_length=64)]
    amount: Annotated[int, Field(ge=1, le=1_000_000)]


class Charge(BaseModel):
    """Describe a charge, with a receipt that the order is paid."""

    charge: int
    order: str
    amount: int
    receipt: str


class Refund(BaseModel):
    """Describe a refund, with a receipt that the order is refunded."""

    refund: int
    order: str
    receipt: str


_charged: set[str] = set()
"""Orders that were charged."""

_charges: IdempotencyRecords[Charge] = IdempotencyRecords()


@service.app.post("/charges", status_code=201)
async def charge(bill: ChargeRequest, idempotency_key: Annotated[str | None, Header(max_length=64)] = None) -> Charge:
    """Charge an order, once for each `Idempotency-Key`."""
    async with service.capacity.worker():
        await asyncio.sleep(WORK_SECONDS)
    if known := _charges.find(idempotency_key):
        return known
    service.ledger.record("second-charge" if bill.order in _charged else "charge", account="payments")
    journal.append(bill.order, "charge")
    _charged.add(bill.order)
    made = Charge(
        charge=len(_charged),
        **bill.model_dump(),
        receipt=service.receipts.issue("paid", bill.order),
    )
    return _charges.record(idempotency_key, made)


_refunded: set[str] = set()
"""Orders that were refunded."""

_refunds: IdempotencyRecords[Refund] = IdempotencyRecords()


@service.app.post("/refunds/{order}", status_code=201)
async def refund(
    order: Annotated[str, Path(max_length=64)], idempotency_key: Annotated[str | None, Header(max_length=64)] = None
) -> Refund:
    """Refund an order, once for each `Idempotency-Key`."""
    async with service.capacity.worker():
        await asyncio.sleep(WORK_SECONDS)
    if order not in _charged:
        raise HTTPException(404, "nobody has paid for this order")
    if known := _refunds.find(idempotency_key):
        return known
    service.ledger.record("second-refund" if order in _refunded else "refund", account="payments")
    journal.append(order, "refund")
    _refunded.add(order)
    made = Refund(refund=len(_refunded), order=order, receipt=service.receipts.issue("refunded", order))
    return _refunds.record(idempotency_key, made)
