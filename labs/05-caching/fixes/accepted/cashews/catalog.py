# The library `cashews` keeps pages, computes each once at a time in a replica, and goes on without Redis. It does not
# know the channel. So a listener removes each page whose price has changed, and all pages when a subscription begins,
# because changes may have been missed. A condition keeps no page whose price changed while it was computed. It checks
# before it sets, which narrows the gap for an old page to less than a millisecond, but does not close it.
"""Catalog: show products with their prices.

Two replicas share one pricing database.
"""

import asyncio
import json
import logging
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Literal

import asyncpg
from cashews import Cache
from fastapi import FastAPI, Response
from redis.asyncio import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from kit import create_app

DATABASE_URL = os.environ.get("DATABASE_URL", "postgresql://patient:patient@postgres/postgres")
DATABASE_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
REDIS_URL = os.environ.get("REDIS_URL", "redis://patient:patient@redis:6379/0")
PAGE = "page:{product}:{currency}"
NOT_SOLD = "null"

# Both replicas share it. The client's hidden retries are off, so that a failing store is visible.
store = Redis.from_url(REDIS_URL, retry=Retry(NoBackoff(), 0), socket_timeout=0.1)
cache = Cache()
cache.setup(REDIS_URL, suppress=True, retry=Retry(NoBackoff(), 0), socket_timeout=0.1, max_connections=100)
# While Redis is down, cashews goes on without it, but logs a traceback each time.
logging.getLogger("cashews").setLevel(logging.CRITICAL)

computing: set[str] = set()
"""The pages that are being computed, as long as their price has not changed."""


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Keep at most four connections to the database, and listen for changes."""
    async with asyncpg.create_pool(DATABASE_URL, min_size=0, max_size=4, timeout=1) as app.state.database:
        listening = asyncio.create_task(listen())
        yield
        listening.cancel()


async def listen() -> None:
    """Remove pages as prices change, and subscribe again whenever that fails."""
    while True:
        with suppress(RedisError, OSError, LookupError, TypeError, ValueError):
            async with store.pubsub() as channel:
                await channel.subscribe("prices")
                async for message in channel.listen():
                    await forget(json.loads(message["data"]) if message["type"] == "message" else None)
        await asyncio.sleep(0.1)


async def forget(changed: dict[str, object] | None) -> None:
    """Remove the page of a change, or all pages after changes that were missed.

    It uses `store`, because `cache` would hide that Redis has failed.
    """
    if changed:
        key = PAGE.format(**changed)
        computing.discard(key)
        await store.delete(key)
    else:
        computing.clear()
        if keys := [key async for key in store.scan_iter(PAGE.format(product="*", currency="*"), count=1000)]:
            await store.delete(*keys)


def about_a_minute(*_: object, **__: object) -> int:
    """Return a random time to live in seconds, so that pages kept together expire apart."""
    return random.randint(50, 70)


def has_not_changed(found: object, _args: object, _kwargs: object, key: str) -> bool:
    """Tell whether a result is a page whose price did not change while it was computed."""
    unchanged = key in computing
    computing.discard(key)
    return unchanged and isinstance(found, str)


app = create_app(lifespan=lifespan)


@app.get("/products/{product}")
async def page(product: int, currency: Literal["EUR", "USD"]) -> Response:
    """Show a product with its price."""
    try:
        # In a task of its own, so that a request that ends early does not end the computation for the others.
        found = await asyncio.shield(work_out(product, currency))
    except DATABASE_ERRORS:
        return Response(status_code=503)
    if found == NOT_SOLD:
        return Response(status_code=404)
    return Response(found, media_type="application/json")


@cache(ttl=about_a_minute, key=PAGE, condition=has_not_changed, protected=True)
async def work_out(product: int, currency: str) -> str:
    """Compute a price in the database; return the page as JSON."""
    computing.add(PAGE.format(product=product, currency=currency))
    async with app.state.database.acquire(timeout=2) as connection:
        row = await connection.fetchrow("SELECT * FROM price($1, $2)", product, currency, timeout=2)
    return json.dumps(dict(row), default=str) if row else NOT_SOLD
