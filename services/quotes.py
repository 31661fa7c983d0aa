"""Quotes: prices by symbol, for tenants. Five workers take 40 ms a quote, so it serves 125 a second and no more."""

import asyncio
import hashlib
from typing import Annotated

from fastapi import Header

from kit.stock import StockService

QUOTE_SECONDS = 0.04

service = StockService(workers=5)


@service.app.get("/quote")
async def quote(symbol: str, x_tenant: Annotated[str, Header()]) -> dict[str, object]:
    """Answer with a price and a receipt for this tenant and symbol; overload means waiting for a worker."""
    async with service.capacity.worker():
        await asyncio.sleep(QUOTE_SECONDS)
    service.ledger.record("quote", account=x_tenant)
    return {"symbol": symbol, "price": price(symbol), "receipt": service.receipts.issue(x_tenant, symbol)}


def price(symbol: str) -> float:
    """Return a symbol's price: always the same, so that only its receipt tells a fresh answer."""
    return 10 + int(hashlib.sha256(symbol.encode()).hexdigest()[:6], 16) % 49_000 / 100
