# Cache-aside in Redis. Each page, and each answer "not sold", is kept for about a minute. A change removes its page and
# revokes the lease of its computation, so that an old price is not kept. A new subscription removes all pages, because
# changes may have been missed. Each replica computes a page once at a time, also without Redis.
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
from uuid import uuid4

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

log = logging.getLogger(__name__)

# Both replicas share it. The client's hidden retries are off, so that a failing store is visible.
store = Redis.from_url(
    os.environ.get("REDIS_URL", "redis://patient:patient@redis:6379/0"),
    retry=Retry(NoBackoff(), 0),
    socket_timeout=0.1,
    decode_responses=True,
)

# A computation keeps its page only while its lease is valid. Whatever may make the page old revokes the lease.
# Computations at the same time share a lease, so that the first to end keeps the page, even under a full load.
LEASE_SECONDS = 5
keep = store.register_script("""
if redis.call("GET", KEYS[2]) == ARGV[1] then
    redis.call("SET", KEYS[1], ARGV[2], "EX", ARGV[3])
end
""")

flights: dict[str, asyncio.Task[str]] = {}


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
        try:
            await follow_changes()
        except (RedisError, OSError, LookupError, TypeError, ValueError) as error:
            log.warning("subscribing to price changes again, because of %r", error)
        await asyncio.sleep(0.1)


async def follow_changes() -> None:
    """Remove each page whose price has changed, and all pages when a subscription begins."""
    async with store.pubsub() as channel:
        await channel.subscribe("prices")
        async for message in channel.listen():
            if message["type"] == "message":
                key = "page:{product}:{currency}".format(**json.loads(message["data"]))
                await store.delete(f"lease:{key}", key)
            else:
                # Subscribed from now on. Earlier changes may have been missed.
                await remove_all("lease:*")
                await remove_all("page:*")


async def remove_all(pattern: str) -> None:
    """Remove all keys that match a pattern."""
    if keys := [key async for key in store.scan_iter(pattern, count=1000)]:
        await store.delete(*keys)


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


def about_a_minute() -> int:
    """Return a random time to live in seconds, so that pages kept together expire apart."""
    return random.randint(50, 70)


async def kept(key: str) -> str | None:
    """Return a page from Redis, or None when it has none or does not answer."""
    with suppress(RedisError, OSError):
        return await store.get(key)
    return None


async def in_one_flight(key: str, product: int, currency: str) -> str:
    """Compute a page, or wait for the task that already does."""
    if key not in flights:
        flights[key] = asyncio.create_task(work_out_and_keep(key, product, currency))
        flights[key].add_done_callback(lambda _: flights.pop(key))
    return await asyncio.shield(flights[key])


async def work_out_and_keep(key: str, product: int, currency: str) -> str:
    """Compute a page in the database, and keep it for about a minute."""
    token = uuid4().hex
    with suppress(RedisError, OSError):
        token = await store.set(f"lease:{key}", token, nx=True, get=True, ex=LEASE_SECONDS) or token  # type: ignore[assignment]
    found = await work_out(product, currency)
    with suppress(RedisError, OSError):
        await keep([key, f"lease:{key}"], [token, found, about_a_minute()])
    return found


async def work_out(product: int, currency: str) -> str:
    """Compute a price in the database; return the page as JSON."""
    async with app.state.database.acquire(timeout=2) as connection:
        row = await connection.fetchrow("SELECT * FROM price($1, $2)", product, currency, timeout=2)
    return json.dumps(dict(row), default=str) if row else NOT_SOLD
