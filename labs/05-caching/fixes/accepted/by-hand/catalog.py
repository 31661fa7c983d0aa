# Cache-aside in Redis. Each page, and each answer "not sold", is kept for about a minute. A change removes its page,
# and a page that is older than the last change is not kept. Each replica computes a page once at a time, also without
# Redis.
"""Catalog: show products with their prices.

Two replicas share one pricing database.
"""

import asyncio
import json
import os
import random
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

# Both replicas share it. The client's hidden retries are off, so that a failing store is visible.
store = Redis.from_url(
    os.environ.get("REDIS_URL", "redis://patient:patient@redis:6379/0"),
    retry=Retry(NoBackoff(), 0),
    socket_timeout=0.1,
    decode_responses=True,
)

# A page whose price changed while it was computed is older than the change, so the script does not keep it.
keep = store.register_script("""
if tonumber(redis.call("GET", KEYS[2]) or 0) <= tonumber(ARGV[2]) then
    redis.call("SET", KEYS[1], ARGV[1], "EX", ARGV[3])
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
    """Remove each page whose price has changed, also after an outage of Redis."""
    while True:
        with suppress(RedisError, OSError):
            async with store.pubsub() as channel:
                await channel.subscribe("prices")
                while True:
                    message = await channel.get_message(ignore_subscribe_messages=True, timeout=None)
                    if message:
                        await take_out(**json.loads(message["data"]))
        await asyncio.sleep(0.1)


async def take_out(product: int, currency: str, version: int) -> None:
    """Remove a page, and remember its newest version for longer than a computation takes."""
    key = f"page:{product}:{currency}"
    async with store.pipeline() as pipeline:
        await pipeline.set(f"newest:{key}", version, ex=about_a_minute()).delete(key).execute()


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
    found = await work_out(product, currency)
    version = json.loads(found)["version"] if found != NOT_SOLD else 0
    with suppress(RedisError, OSError):
        await keep([key, f"newest:{key}"], [found, version, about_a_minute()])
    return found


async def work_out(product: int, currency: str) -> str:
    """Compute a price in the database; return the page as JSON."""
    async with app.state.database.acquire(timeout=2) as connection:
        row = await connection.fetchrow("SELECT * FROM price($1, $2)", product, currency)
    return json.dumps(dict(row), default=str) if row else NOT_SOLD
