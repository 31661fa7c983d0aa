"""Quotes: the price of a symbol.

Five workers of 40 ms each serve 125 requests per second.
"""

import asyncio
import zlib
from typing import Annotated

from fastapi import Header, Query

from kit.service import StockService

WORK_SECONDS = 0.04

service = StockService("quotes", workers=5)


@service.app.get("/quote")
async def quote(
    symbol: Annotated[str, Query(max_length=16)], x_tenant: Annotated[str, Header(max_length=64)]
) -> dict[str, str | float]:
    """Return the price of a symbol, with a receipt for tenant and symbol."""
    async with service.capacity.worker():
        await asyncio.sleep(WORK_SECONDS)
        service.ledger.record("quote", account=x_tenant)
    price = zlib.crc32(symbol.encode()) % 100_000 / 100
    return {"symbol": symbol, "price": price, "receipt": service.receipts.issue(x_tenant, symbol)}
