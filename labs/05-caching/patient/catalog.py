"""Catalog: show products with their prices.

Two replicas share one pricing database.
"""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import asyncpg
from fastapi import FastAPI, Response
from redis.asyncio import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from kit import create_app

DATABASE_URL = os.environ.get("DATABASE_URL", "postgresql://patient:patient@postgres/postgres")
DATABASE_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)

# Both replicas share it. The client's hidden retries are off, so that a failing store is visible.
store = Redis.from_url(
    os.environ.get("REDIS_URL", "redis://patient:patient@redis:6379/0"),
    retry=Retry(NoBackoff(), 0),
    socket_timeout=0.1,
)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Keep at most four connections to the database."""
    async with asyncpg.create_pool(DATABASE_URL, min_size=0, max_size=4, timeout=1) as app.state.database:
        yield


app = create_app(lifespan=lifespan)


@app.get("/products/{product}")
async def page(product: int, currency: Literal["EUR", "USD"]) -> Response:
    """Show a product with its price."""
    # TODO: every view computes its price again. Keep each page in Redis for about a minute, but never a wrong page.
    try:
        found = await work_out(product, currency)
    except DATABASE_ERRORS:
        return Response(status_code=503)
    if found is None:
        return Response(status_code=404)
    return Response(found, media_type="application/json")


async def work_out(product: int, currency: str) -> str | None:
    """Compute a price in the database; return the page as JSON, or None for an unknown product."""
    async with app.state.database.acquire(timeout=2) as connection:
        row = await connection.fetchrow("SELECT * FROM price($1, $2)", product, currency, timeout=2)
    return json.dumps(dict(row), default=str) if row else None
