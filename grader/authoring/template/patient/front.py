"""Front: the page that shows a price. It asks quotes for it."""

import os
from typing import Annotated

import httpx2
from fastapi import Header, Response

from kit import create_app

quotes = httpx2.AsyncClient(
    base_url=os.environ.get("QUOTES_URL", "http://quotes:8000"),
    limits=httpx2.Limits(max_connections=100),
    timeout=httpx2.Timeout(5, pool=2),
)

app = create_app()


@app.get("/price")
async def price(symbol: str, x_tenant: Annotated[str, Header()]) -> Response:
    """Show a price."""
    # TODO: say here what the learner is to do.
    try:
        answer = await quotes.get("/quote", params={"symbol": symbol}, headers={"X-Tenant": x_tenant})
    except httpx2.TimeoutException:
        return Response(status_code=503)
    return Response(answer.content, answer.status_code, media_type="application/json")
