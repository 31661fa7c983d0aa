# The library `cashews` keeps pages, computes each once at a time in a replica, and goes on without Redis. It cannot
# know which version was announced last. So a condition keeps no page that is older than the last change, and each
# change removes its page. The condition comes before the page is stored, which narrows the gap for an old page, but
# does not close it.
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

newest: dict[str, int] = {}
"""The versions that were announced last."""


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Keep at most four connections to the database, and listen for changes."""
    async with asyncpg.create_pool(DATABASE_URL, min_size=0, max_size=4, timeout=1) as app.state.database:
        listening = asyncio.create_task(listen())
        yield
        listening.cancel()


async def listen() -> None:
    """Remove each page whose price has changed, also after an outage of Redis."""
    while True:
        with suppress(RedisError, OSError):
            async with store.pubsub() as channel:
                await channel.subscribe("prices")
                while True:
                    message = await channel.get_message(ignore_subscribe_messages=True, timeout=None)
                    if message:
                        changed = json.loads(message["data"])
                        key = PAGE.format(**changed)
                        newest[key] = changed["version"]
                        await cache.delete(key)
        await asyncio.sleep(0.1)


def about_a_minute(*_: object, **__: object) -> int:
    """Return a random time to live in seconds, so that pages kept together expire apart."""
    return random.randint(50, 70)


def is_newest(found: object, _args: object, _kwargs: object, key: str) -> bool:
    """Tell whether a result is a page that is not older than the last change."""
    return isinstance(found, str) and (found == NOT_SOLD or json.loads(found)["version"] >= newest.get(key, 0))


app = create_app(lifespan=lifespan)


@app.get("/products/{product}")
async def page(product: int, currency: Literal["EUR", "USD"]) -> Response:
    """Show a product with its price."""
    try:
        found = await work_out(product, currency)
    except DATABASE_ERRORS:
        return Response(status_code=503)
    if found == NOT_SOLD:
        return Response(status_code=404)
    return Response(found, media_type="application/json")


@cache(ttl=about_a_minute, key=PAGE, condition=is_newest, protected=True)
async def work_out(product: int, currency: str) -> str:
    """Compute a price in the database; return the page as JSON."""
    async with app.state.database.acquire(timeout=2) as connection:
        row = await connection.fetchrow("SELECT * FROM price($1, $2)", product, currency)
    return json.dumps(dict(row), default=str) if row else NOT_SOLD
