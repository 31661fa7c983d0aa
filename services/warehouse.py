"""Warehouse: keeps the shelves, and records each pair that is sold.

Forty workers of 30 ms each.

The seller sends with each sale how many pairs are left after it, and the shelf is set to that number. A seller may
guard a sale by a `version`, which no other sale may have changed since it was read. Or it may send a fencing `token`,
which must be newer than all that the shelf has seen. A sale with neither is always recorded.
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
"""Pairs delivered of each model, by the product line with which its name begins."""

LATE_SECONDS = 0.5
"""A sale from a number superseded longer ago than this comes from a seller whose lease expired, or had none."""

COUNTED_SECONDS = 5.0

Sku = Annotated[str, Path(pattern=f"^({'|'.join(PAIRS)})-[0-9a-f]{{5}}$")]
Count = Annotated[int, Field(ge=0, le=2**63)]


class StockLevel(BaseModel):
    """Describe a shelf.

    `receipt` confirms that it is empty, when it is.
    """

    sku: str
    left: int
    version: int
    token: int
    receipt: str | None = None


class Sale(BaseModel):
    """Ask for one pair to be sold.

    `left` is the number after the sale.
    """

    order: Annotated[str, Field(min_length=1, max_length=64)]
    left: Count
    version: Count | None = None
    token: Count | None = None


class RecordedSale(BaseModel):
    """Describe a pair that was sold, with a receipt for SKU and order."""

    sku: str
    order: str
    left: int
    receipt: str


@dataclass
class Superseded:
    """Note when a shelf's number was superseded, and whether a late sale did it."""

    at: float
    late: bool


@dataclass
class Shelf:
    """Keep one model's shelf: `left` as sellers report it, `sold` as recorded."""

    delivered: int
    left: int
    version: int = 0
    token: int = 0
    sold: int = 0
    last_sold: float = 0.0
    superseded: dict[int, Superseded] = field(default_factory=dict)

    def refusal(self, sale: Sale) -> str | None:
        """Return why a sale is refused, or None."""
        if sale.version is not None and sale.version != self.version:
            return f"version {sale.version} was read, and now it is {self.version}"
        if sale.token is not None and sale.token <= self.token:
            return f"token {sale.token} is not newer than {self.token}"
        return None

    def record(self, sale: Sale, now: float) -> list[str]:
        """Record a sale, and return its ledger entries.

        The first is `sold`, or `oversold` when no pair was left for it. A sale from a superseded number also makes
        `overlap`. It makes `late` instead if the number was superseded long ago, or by a sale that was late itself.
        """
        stale = sale.left != self.left - 1
        since = self.superseded.get(sale.left + 1) if stale else None
        long_ago = since is not None and now - since.at > LATE_SECONDS
        late = long_ago or (since is not None and since.late)
        # `long_ago`, not `late`, because only the first sale that a late one supersedes is excused.
        self.superseded[self.left] = Superseded(now, long_ago)
        self.left, self.version, self.token = sale.left, self.version + 1, max(self.token, sale.token or 0)
        self.sold, self.last_sold = self.sold + 1, now
        entries = ["sold" if self.sold <= self.delivered else "oversold"]
        return [*entries, "late" if late else "overlap"] if stale else entries

    @property
    def balances(self) -> bool:
        """Tell whether sold and left pairs add up to the delivered ones."""
        return self.sold + self.left == self.delivered


service = StockService("warehouse", workers=40)
shelves: dict[str, Shelf] = {}


def shelf_of(sku: str) -> Shelf:
    """Return a model's shelf, made full at its first use."""
    if sku not in shelves:
        delivered = PAIRS[sku.partition("-")[0]]
        shelves[sku] = Shelf(delivered, delivered)
    return shelves[sku]


@service.app.get("/stock/{sku}")
async def stock(sku: Sku) -> StockLevel:
    """Return a shelf as it was before the work began."""
    shelf = shelf_of(sku)
    seen = StockLevel(sku=sku, left=shelf.left, version=shelf.version, token=shelf.token)
    async with service.capacity.worker():
        await asyncio.sleep(WORK_SECONDS)
    return seen if seen.left else seen.model_copy(update={"receipt": service.receipts.issue("sold out", sku)})


@service.app.post("/sales/{sku}", status_code=201)
async def sell(sku: Sku, sale: Sale) -> RecordedSale:
    """Record a sale.

    Answer 409 when its version or token is outdated.
    """
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
    """Count the shelves with recent sales.

    Answer 409 when one does not balance.
    """
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
