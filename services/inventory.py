"""Inventory: holds stock for orders, and lets it go again. Twenty workers of 10 ms each."""

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
"""Items that nobody can order any more."""

service = StockService("inventory", workers=20)
journal = Journal()


class HoldRequest(BaseModel):
    """The stock that an order wants held."""

    order: Annotated[str, Field(min_length=1, max_length=64)]
    item: Annotated[str, Field(min_length=1, max_length=64)]
    quantity: Annotated[int, Field(ge=1, le=100)]


class Hold(BaseModel):
    """Stock that is held, with a receipt for order and item."""

    hold: int
    order: str
    item: str
    quantity: int
    receipt: str


class Release(BaseModel):
    """Stock that was let go, with a receipt for the order."""

    release: int
    order: str
    receipt: str


_held: Counter[str] = Counter()
"""Holds by order."""

_holds: IdempotencyRecords[Hold] = IdempotencyRecords()


@service.app.post("/holds", status_code=201)
async def hold(wanted: HoldRequest, idempotency_key: Annotated[str | None, Header(max_length=64)] = None) -> Hold:
    """Hold stock for an order; asked again with the same `Idempotency-Key`, answer the hold that there is."""
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
"""Orders whose stock was let go."""

_releases: IdempotencyRecords[Release] = IdempotencyRecords()


@service.app.post("/releases/{order}", status_code=201)
async def release(
    order: Annotated[str, Path(max_length=64)], idempotency_key: Annotated[str | None, Header(max_length=64)] = None
) -> Release:
    """Let an order's stock go; asked again with the same `Idempotency-Key`, answer the release that there is."""
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
