"""Pages of a shop: front page, cart, search.

Each asks checkout for prices, over a pool of eight connections.

`ASKS` is the path at checkout that the page needs.
"""

import os

import httpx2
from fastapi import HTTPException

from kit.service import StockService

CONNECTIONS = 8
PATIENCE_SECONDS = 1.0

service = StockService("pages")

checkout = httpx2.AsyncClient(
    base_url=os.environ.get("CHECKOUT_URL", "http://checkout:8000"),
    limits=httpx2.Limits(max_connections=CONNECTIONS),
    timeout=PATIENCE_SECONDS,
    trust_env=False,
)


@service.app.get("/page")
async def page() -> dict[str, object]:
    """Show a page with the prices from checkout, or 503 without them."""
    try:
        answer = await checkout.get(os.environ["ASKS"])
        costs = answer.raise_for_status().json()
    except (httpx2.HTTPError, ValueError) as error:
        raise HTTPException(503, f"checkout does not say what things cost: {error!r}") from error
    return {"costs": costs}
