# Prices change a few times a day, so what was worked out once is kept: no page is ever slow again, and none is right
# after the first change. Nothing ever leaves Redis, either.
"""Catalog: product pages with their prices.

Two replicas of it stand before one pricing database.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Literal

import asyncpg
from fastapi import FastAPI, Response
from redis.asyncio import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from kit import create_app

DATABASE_URL = os.environ.get("DATABASE_URL", "postgresql://patient:patient@postgres/postgres")
DATABASE_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
NOT_SOLD = "null"

# What both replicas share. Without hidden retries: a store that is away is to be seen.
store = Redis.from_url(
    os.environ.get("REDIS_URL", "redis://patient:patient@redis:6379/0"),
    retry=Retry(NoBackoff(), 0),
    socket_timeout=0.1,
    decode_responses=True,
)

flights: dict[str, asyncio.Task[str]] = {}


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Keep at most four connections to the database."""
    async with asyncpg.create_pool(DATABASE_URL, min_size=0, max_size=4, timeout=1) as app.state.database:
        yield


app = create_app(lifespan=lifespan)


@app.get("/products/{product}")
async def page(product: int, currency: Literal["EUR", "USD"]) -> Response:
    """Show a product with its price."""
    key = f"page:{product}:{currency}"
    try:
        found = await kept(key) or await in_one_flight(key, product, currency)
    except DATABASE_ERRORS:
        return Response(status_code=503)
    if found == NOT_SOLD:
        return Response(status_code=404)
    return Response(found, media_type="application/json")


async def kept(key: str) -> str | None:
    """Return a page from Redis, or None when it has none or does not answer."""
    with suppress(RedisError, OSError):
        return await store.get(key)
    return None


async def in_one_flight(key: str, product: int, currency: str) -> str:
    """Work a page out, or wait for who is at it."""
    if key not in flights:
        flights[key] = asyncio.create_task(work_out_and_keep(key, product, currency))
        flights[key].add_done_callback(lambda _: flights.pop(key))
    return await asyncio.shield(flights[key])


async def work_out_and_keep(key: str, product: int, currency: str) -> str:
    """Have the database work out a page, and keep it."""
    found = await work_out(product, currency)
    with suppress(RedisError, OSError):
        await store.set(key, found)
    return found


async def work_out(product: int, currency: str) -> str:
    """Have the database work out a price; return the page as JSON."""
    async with app.state.database.acquire(timeout=2) as connection:
        row = await connection.fetchrow("SELECT * FROM price($1, $2)", product, currency)
    return json.dumps(dict(row), default=str) if row else NOT_SOLD
