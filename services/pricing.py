"""Pricing: changes prices in the database and announces each change on the channel `prices`.

It also clears the cache, and exports statistics of database and store.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

import asyncpg
from fastapi import FastAPI
from pydantic import BaseModel, Field
from redis.asyncio import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from kit.background import running
from kit.secret import read_secret
from kit.service import StockService
from kit.statistics import DatabaseStatistics, StoreStatistics, polling

DATABASE = os.environ.get("PRICING_URL", "postgresql://pricing@/postgres?host=/run/postgresql")
CHANNEL = "prices"
RETRY_SECONDS = 0.05

SIGN = "UPDATE prices SET receipt = $3 WHERE product = $1 AND currency = $2"
CHANGE = """
UPDATE prices SET version = version + 1, rate = rate * 1.01 WHERE product = $1 AND currency = $2 RETURNING version
"""


class Offer(BaseModel):
    """Name a product and a currency."""

    product: int
    currency: str


class Price(Offer):
    """Name a price by the number of its version."""

    version: int


class PriceChanges(BaseModel):
    """List the prices that were changed."""

    changed: list[Price]


@dataclass(frozen=True)
class Announcement:
    """The messages of one request's changes.

    When `unheard`, all subscriptions end just before them.
    """

    messages: list[str]
    unheard: bool


class Pricing:
    """Change prices in the database and announce them through the store, as their owner."""

    def __init__(self) -> None:
        self.store = Redis.from_url(
            os.environ.get("REDIS_URL", "redis://redis:6379"),
            username="er",
            password=read_secret(),
            retry=Retry(NoBackoff(), 0),
            socket_timeout=0.5,
        )
        self._unannounced: asyncio.Queue[Announcement] = asyncio.Queue()

    async def open(self) -> "asyncpg.Pool[asyncpg.Record]":
        """Connect to the database, waiting until it is up, and sign its prices."""
        while True:
            try:
                self.database = await asyncpg.create_pool(DATABASE, min_size=3, max_size=6)
                break
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(RETRY_SECONDS)
        rows = await self.database.fetch("SELECT product, currency, version FROM prices")
        await self.database.executemany(SIGN, [(row["product"], row["currency"], seal(Price(**row))) for row in rows])
        return self.database

    async def change(self, offers: list[Offer], *, unheard: bool) -> list[Price]:
        """Give each known offer a new price and announce it.

        Skip unknown offers. When `unheard`, end all subscriptions at the moment of the announcement.
        """
        changed = []
        async with self.database.acquire() as connection, connection.transaction():
            for offer in offers:
                if version := await connection.fetchval(CHANGE, offer.product, offer.currency):
                    priced = Price(**offer.model_dump(), version=version)
                    await connection.execute(SIGN, priced.product, priced.currency, seal(priced))
                    changed.append(priced)
        self._unannounced.put_nowait(Announcement([priced.model_dump_json() for priced in changed], unheard))
        return changed

    async def announce(self) -> None:
        """Announce changes in order, retrying each until the store takes it."""
        while True:
            announcement = await self._unannounced.get()
            while True:
                try:
                    await self._publish(announcement)
                    break
                except (RedisError, OSError):
                    await asyncio.sleep(RETRY_SECONDS)

    async def _publish(self, announcement: Announcement) -> None:
        """Publish the messages in one transaction, so that nobody can subscribe in between."""
        async with self.store.pipeline() as transaction:
            if announcement.unheard:
                transaction.client_kill_filter(_type="pubsub")
            for message in announcement.messages:
                transaction.publish(CHANNEL, message)
            await transaction.execute()


def seal(priced: Price) -> str:
    """Return the receipt that a page must carry for this price."""
    return service.receipts.issue(str(priced.product), priced.currency, str(priced.version))


@asynccontextmanager
async def _open(_: FastAPI) -> AsyncIterator[None]:
    database, store = await pricing.open(), pricing.store
    async with AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        stack.push_async_callback(store.aclose)
        await stack.enter_async_context(polling(service.phase, lambda phase: database_statistics.poll(database, phase)))
        await stack.enter_async_context(polling(service.phase, lambda phase: store_statistics.poll(store, phase)))
        await stack.enter_async_context(running(pricing.announce()))
        yield


service = StockService("pricing", lifespan=_open)
pricing = Pricing()
database_statistics = DatabaseStatistics(service.phase, service.telemetry)
store_statistics = StoreStatistics(service.telemetry)


@service.app.post("/changes")
async def change(offers: Annotated[list[Offer], Field(max_length=100)], *, unheard: bool = False) -> PriceChanges:
    """Change prices, and return their new versions.

    When `unheard`, the connections of all subscribers are lost at the moment of the announcement.
    """
    changed = await pricing.change(offers, unheard=unheard)
    for priced in changed:
        service.ledger.record("change", account=priced.currency)
    return PriceChanges(changed=changed)


@service.app.post("/clearings", status_code=204)
async def clear() -> None:
    """Clear the cache, as an operator does when its content may be wrong."""
    await pricing.store.flushdb()
    service.ledger.record("clearing", account="operator")
