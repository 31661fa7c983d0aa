"""Inventory: holds stock for orders, and releases it. Twenty workers of 10 ms each."""

import asyncio
from collections import Counter
from typing import Annotated

from fastapi import Header, HTTPException, Path
from pydantic import BaseModel, Field

from kit.idempotency import IdempotencyRecords
from kit.journal import Journal
from kit.service import StockService

WORK_SECONDS = 0.01

DISCONTINUED = frozenset({"gramophone", "typewriter"})
"""Items that can no longer be ordered."""

service = StockService("inventory", workers=20)
journal = Journal()


class HoldRequest(BaseModel):
    """Ask for stock to be held for an order."""

    order: Annotated[str, Field(min_length=1, max_length=64)]
    item: Annotated[str, Field(min_length=1, max_length=64)]
    quantity: Annotated[int, Field(ge=1, le=100)]


class Hold(BaseModel):
    """Describe stock that is held, with a receipt for order and item."""

    hold: int
    order: str
    item: str
    quantity: int
    receipt: str


class Release(BaseModel):
    """Describe stock that was released, with a receipt for the order."""

    release: int
    order: str
    receipt: str


_held: Counter[str] = Counter()
"""Holds by order."""

_holds: IdempotencyRecords[Hold] = IdempotencyRecords()


@service.app.post("/holds", status_code=201)
async def hold(wanted: HoldRequest, idempotency_key: Annotated[str | None, Header(max_length=64)] = None) -> Hold:
    """Hold stock for an order, once for each `Idempotency-Key`."""
    async with service.capacity.worker():
        await asyncio.sleep(WORK_SECONDS)
    if wanted.item in DISCONTINUED:
        service.ledger.record("refusal", account=wanted.item)
        raise HTTPException(422, f"{wanted.item} is discontinued")
    if known := _holds.find(idempotency_key):
        return known
    made = Hold(
        hold=_held.total() + 1,
        **wanted.model_dump(),
        receipt=service.receipts.issue(wanted.order, wanted.item),
    )
    service.ledger.record("second-hold" if _held[wanted.order] else "hold", account=wanted.item)
    journal.append(wanted.order, "hold")
    _held[wanted.order] += 1
    return _holds.record(idempotency_key, made)


_released: set[str] = set()
"""Orders whose stock was released."""

_releases: IdempotencyRecords[Release] = IdempotencyRecords()


@service.app.post("/releases/{order}", status_code=201)
async def release(
    order: Annotated[str, Path(max_length=64)], idempotency_key: Annotated[str | None, Header(max_length=64)] = None
) -> Release:
    """Release an order's stock, once for each `Idempotency-Key`."""
    async with service.capacity.worker():
        await asyncio.sleep(WORK_SECONDS)
    if order not in _held:
        raise HTTPException(404, "nothing is held for this order")
    if known := _releases.find(idempotency_key):
        return known
    service.ledger.record("second-release" if order in _released else "release", account="inventory")
    journal.append(order, "release")
    _released.add(order)
    made = Release(release=len(_released), order=order, receipt=service.receipts.issue("released", order))
    return _releases.record(idempotency_key, made)
