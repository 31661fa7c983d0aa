"""Shipping: sends parcels, and refuses some. Ten workers of 30 ms each."""

import asyncio
from typing import Annotated

from fastapi import Header, HTTPException, Request
from pydantic import BaseModel, Field

from kit.idempotency import IdempotencyRecords
from kit.journal import Journal
from kit.service import StockService

WORK_SECONDS = 0.03

service = StockService("shipping", workers=10)
journal = Journal()


class ShipmentRequest(BaseModel):
    """Ask for an order's parcel to be sent."""

    order: Annotated[str, Field(min_length=1, max_length=64)]


class Shipment(BaseModel):
    """Describe a parcel that was sent, with a receipt that the order is shipped."""

    shipment: int
    order: str
    receipt: str


_shipped: set[str] = set()
"""Orders whose parcel was sent."""

_shipments: IdempotencyRecords[Shipment] = IdempotencyRecords()


@service.app.post("/shipments", status_code=201)
async def ship(
    request: Request, parcel: ShipmentRequest, idempotency_key: Annotated[str | None, Header(max_length=64)] = None
) -> Shipment:
    """Send a parcel, once for each `Idempotency-Key`.

    A refusal (409) sends nothing and is not recorded, so that the same request may succeed later.
    """
    async with service.capacity.worker():
        await asyncio.sleep(WORK_SECONDS)
    if known := _shipments.find(idempotency_key):
        return known
    if service.faults.refuse(request.scope):
        service.ledger.record("refusal", account="shipping")
        journal.append(parcel.order, "refusal")
        raise HTTPException(409, "no van goes there today")
    service.ledger.record("second-shipment" if parcel.order in _shipped else "shipment", account="shipping")
    journal.append(parcel.order, "shipment")
    _shipped.add(parcel.order)
    made = Shipment(
        shipment=len(_shipped),
        order=parcel.order,
        receipt=service.receipts.issue("shipped", parcel.order),
    )
    return _shipments.record(idempotency_key, made)
