"""Warehouse: keeps the shelves, and books each pair that is sold. Forty workers of 30 ms each.

A sale comes with how many are left after it, as whoever sells has worked it out, and the shelf is set to that. What
guards it is up to the seller: a `version`, which no other sale may have changed since it was read, or a fencing
`token`, which must be newer than all that the shelf has seen. One with neither is booked whatever happened meanwhile.
"""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import HTTPException, Path
from pydantic import BaseModel, Field

from kit.service import StockService

WORK_SECONDS = 0.03

PAIRS = {"drop": 8, "daily": 60, "runner": 40, "hiker": 40}
"""How many pairs of each model are delivered, by the line that its name begins with."""

LATE_SECONDS = 0.5
"""What a sale is based on was overtaken so long ago only when its seller has outlived a lease, or had none."""

COUNTED_SECONDS = 5.0

Sku = Annotated[str, Path(pattern=f"^({'|'.join(PAIRS)})-[0-9a-f]{{5}}$")]
Count = Annotated[int, Field(ge=0, le=2**63)]


class StockLevel(BaseModel):
    """What is on a shelf. `receipt` says that it is empty, when it is."""

    sku: str
    left: int
    version: int
    token: int
    receipt: str | None = None


class Sale(BaseModel):
    """A pair for an order, and how many are left then."""

    order: Annotated[str, Field(min_length=1, max_length=64)]
    left: Count
    version: Count | None = None
    token: Count | None = None


class RecordedSale(BaseModel):
    """A pair that was sold, with a receipt for SKU and order."""

    sku: str
    order: str
    left: int
    receipt: str


@dataclass
class Superseded:
    """When a number of pairs ceased to be the shelf's, and whether that was by a sale from long ago."""

    at: float
    late: bool


@dataclass
class Shelf:
    """One model's shelf: `left` is what sellers say, `sold` what was booked."""

    delivered: int
    left: int
    version: int = 0
    token: int = 0
    sold: int = 0
    last_sold: float = 0.0
    superseded: dict[int, Superseded] = field(default_factory=dict)

    def refusal(self, sale: Sale) -> str | None:
        """Return why a sale is refused, or None when nothing that it came with speaks against it."""
        if sale.version is not None and sale.version != self.version:
            return f"version {sale.version} was read, and now it is {self.version}"
        if sale.token is not None and sale.token <= self.token:
            return f"token {sale.token} is not newer than {self.token}"
        return None

    def record(self, sale: Sale, now: float) -> list[str]:
        """Book a sale, and return the entries that it makes.

        Each is `sold`, or `oversold` when there was no pair for it. Who has worked with a number that was not the
        shelf's any more has overlapped with another; and has written `late` if that was long ago, or if who overtook
        it was so late.
        """
        stale = sale.left != self.left - 1
        since = self.superseded.get(sale.left + 1) if stale else None
        long_ago = since is not None and now - since.at > LATE_SECONDS
        late = long_ago or (since is not None and since.late)
        # One hop only: whom the next one overtakes, nobody late has come between.
        self.superseded[self.left] = Superseded(now, long_ago)
        self.left, self.version, self.token = sale.left, self.version + 1, max(self.token, sale.token or 0)
        self.sold, self.last_sold = self.sold + 1, now
        entries = ["sold" if self.sold <= self.delivered else "oversold"]
        return [*entries, "late" if late else "overlap"] if stale else entries

    @property
    def balances(self) -> bool:
        """Tell whether what was sold and what is left are together what was delivered."""
        return self.sold + self.left == self.delivered


service = StockService("warehouse", workers=40)
shelves: dict[str, Shelf] = {}


def shelf_of(sku: str) -> Shelf:
    """Return a model's shelf, full when nobody has asked for it yet."""
    if sku not in shelves:
        delivered = PAIRS[sku.partition("-")[0]]
        shelves[sku] = Shelf(delivered, delivered)
    return shelves[sku]


@service.app.get("/stock/{sku}")
async def stock(sku: Sku) -> StockLevel:
    """Tell what is on a shelf, as it was when somebody went to look."""
    shelf = shelf_of(sku)
    seen = StockLevel(sku=sku, left=shelf.left, version=shelf.version, token=shelf.token)
    async with service.capacity.worker():
        await asyncio.sleep(WORK_SECONDS)
    return seen if seen.left else seen.model_copy(update={"receipt": service.receipts.issue("sold out", sku)})


@service.app.post("/sales/{sku}", status_code=201)
async def sell(sku: Sku, sale: Sale) -> RecordedSale:
    """Book a sale; 409 when its version or its token is not good any more."""
    async with service.capacity.worker():
        await asyncio.sleep(WORK_SECONDS)
    shelf = shelf_of(sku)
    if reason := shelf.refusal(sale):
        service.ledger.record("refused", account=sku)
        raise HTTPException(409, reason)
    for entry in shelf.record(sale, time.monotonic()):
        service.ledger.record(entry, account=sku)
    return RecordedSale(
        sku=sku, order=sale.order, left=sale.left, receipt=service.receipts.issue("sold", sku, sale.order)
    )


@service.app.get("/count")
async def count() -> dict[str, int]:
    """Count the shelves of which something was sold just now; 409 when one of them does not balance."""
    now = time.monotonic()
    counted = [shelf for shelf in shelves.values() if shelf.last_sold and now - shelf.last_sold < COUNTED_SECONDS]
    wrong = sum(not shelf.balances for shelf in counted)
    if wrong:
        raise HTTPException(409, f"{wrong} of {len(counted)} shelves do not balance")
    return {"counted": len(counted)}


service.telemetry.gauge(
    "shelf_delivered",
    "Pairs that there were.",
    ("account",),
    lambda: {(sku,): shelf.delivered for sku, shelf in shelves.items()},
)
