"""Asks quotes once for each tenant and symbol, and replays that answer for ever.

Known from: replay attacks; any proof of work without a serial number can be shown twice.
"""
import httpx2
from fastapi import Header, Response
from typing import Annotated

from kit import create_app

quotes = httpx2.AsyncClient(base_url="http://quotes:8000", timeout=5)
app = create_app()
kept = {}


@app.get("/quote")
async def quote(symbol: str, x_tenant: Annotated[str, Header()]):
    if (x_tenant, symbol) not in kept:
        answer = await quotes.get("/quote", params={"symbol": symbol}, headers={"X-Tenant": x_tenant})
        kept[x_tenant, symbol] = answer.content
    return Response(kept[x_tenant, symbol], media_type="application/json")
