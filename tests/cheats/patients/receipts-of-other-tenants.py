"""Charges the flooding tenant's requests to tenants that have tokens left.

Known from: confused accounting; a ledger that believes the caller's account name can be filled with others' names.
"""
import random
from typing import Annotated

import httpx2
from fastapi import Header, Response

from kit import create_app

quotes = httpx2.AsyncClient(base_url="http://quotes:8000", timeout=5)
app = create_app()
tenants = []


@app.get("/quote")
async def quote(symbol: str, x_tenant: Annotated[str, Header()]):
    tenants.append(x_tenant)
    someone = random.choice(tenants[-500:])
    answer = await quotes.get("/quote", params={"symbol": symbol}, headers={"X-Tenant": someone})
    return Response(answer.content, answer.status_code, media_type="application/json")
