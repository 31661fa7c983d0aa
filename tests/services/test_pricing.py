"""Pricing with a real Postgres and a real Redis."""

import asyncio
import json
from collections.abc import AsyncIterator

import asyncpg
import pytest
from real_stores import Store
from redis.asyncio import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry
from serving import SECRET, Stock, fresh, stocked

from kit.receipts import Receipts

pytestmark = [pytest.mark.anyio, pytest.mark.engine]


@pytest.fixture
async def pricing(redis: Store, postgres: Store, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stock]:
    monkeypatch.setenv("REDIS_URL", redis.owner)
    monkeypatch.setenv("PRICING_URL", postgres.owner)
    async with stocked(fresh("pricing").service) as served:
        yield served


@pytest.fixture
async def database(postgres: Store) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(postgres.patient)
    yield connection
    await connection.close()


@pytest.fixture
async def store(redis: Store) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis.patient, decode_responses=True) as opened:
        yield opened


def peak(metrics: dict[str, float], name: str, **labels: str) -> float:
    wanted = [f'{label}="{value}"' for label, value in labels.items()]
    return sum(
        value for series, value in metrics.items() if series.startswith(name) and all(w in series for w in wanted)
    )


async def test_each_price_carries_a_receipt_for_its_version(
    pricing: Stock, database: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    del pricing
    row = await database.fetchrow("SELECT * FROM price(5, 'USD')")
    assert Receipts(SECRET).authentic(row["receipt"], "5", "USD", str(row["version"]))


async def test_a_change_has_a_new_version_and_price_and_is_announced(
    pricing: Stock, database: "asyncpg.Connection[asyncpg.Record]", store: Redis
) -> None:
    before = await database.fetchrow("SELECT * FROM price(7, 'EUR')")
    async with store.pubsub(ignore_subscribe_messages=True) as channel:
        await channel.subscribe("prices")
        offers = [{"product": 7, "currency": "EUR"}, {"product": 907, "currency": "EUR"}]
        told = (await pricing.user.post("/changes", json=offers)).json()
        messages: list[object] = []
        async with asyncio.timeout(10):
            while not messages:
                message = await channel.get_message(timeout=5)
                messages += [json.loads(message["data"])] if message else []
    after = await database.fetchrow("SELECT * FROM price(7, 'EUR')")
    changed = {"product": 7, "currency": "EUR", "version": before["version"] + 1}
    assert (told, messages) == ({"changed": [changed]}, [changed])
    assert after["version"] == changed["version"]
    assert after["price"] != before["price"]
    assert Receipts(SECRET).authentic(after["receipt"], "7", "EUR", str(after["version"]))


async def test_an_unheard_change_ends_subscriptions_before_it_is_announced(
    pricing: Stock, database: "asyncpg.Connection[asyncpg.Record]", redis: Store
) -> None:
    before = await database.fetchval("SELECT version FROM price(3, 'EUR')")
    retry = Retry(NoBackoff(), 0)
    async with Redis.from_url(redis.patient, retry=retry) as patient, patient.pubsub() as channel:
        await channel.subscribe("prices")
        assert await channel.get_message(timeout=5)
        told = await pricing.user.post("/changes?unheard=true", json=[{"product": 3, "currency": "EUR"}])
        with pytest.raises(RedisConnectionError):
            await channel.get_message(timeout=5)
    assert told.json()["changed"] == [{"product": 3, "currency": "EUR", "version": before + 1}]


async def test_clearing_empties_the_cache(pricing: Stock, store: Redis) -> None:
    await store.set("page:1", "x", ex=60)
    assert (await pricing.user.post("/clearings")).status_code == 204
    assert not await store.exists("page:1")


async def test_queries_are_counted_by_phase_and_by_whether_they_found_a_row(
    pricing: Stock, database: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await pricing.enter("first")
    await database.fetch("SELECT price(1, 'EUR'), price(2, 'EUR')")
    await database.fetch("SELECT price(999, 'EUR')")
    await pricing.enter("second")
    await database.fetch("SELECT price(3, 'EUR')")
    await pricing.enter("third")
    told: dict[str, float] = {}
    async with asyncio.timeout(10):
        while peak(told, "database_queries_total", phase="second", found="yes") != 1:
            told = await pricing.metrics()
    assert peak(told, "database_queries_total", phase="first", found="yes") == 2
    assert peak(told, "database_queries_total", phase="first", found="no") == 1
    assert peak(told, "database_queries_total", phase="third") == 0


async def test_open_and_active_connections_are_counted(pricing: Stock, postgres: Store) -> None:
    await pricing.enter("busy")
    connections = [await asyncpg.connect(postgres.patient) for _ in range(3)]
    working = asyncio.create_task(connections[0].fetch("SELECT pg_sleep(30)"))
    told: dict[str, float] = {}
    async with asyncio.timeout(10):
        while (peak(told, "database_connections_peak", phase="busy"), told.get("work_in_flight")) != (3, 1):
            told = await pricing.metrics()
    for connection in connections:
        connection.terminate()
    await asyncio.gather(working, return_exceptions=True)


async def test_lasting_keys_and_keys_that_expire_together_are_counted(pricing: Stock, store: Redis) -> None:
    await pricing.user.post("/clearings")
    await pricing.enter("keeping")
    for number in range(5):
        await store.set(f"together:{number}", "x", ex=40)
    for number in range(3):
        await store.set(f"lasting:{number}", "x")
    told: dict[str, float] = {}
    async with asyncio.timeout(10):
        while peak(told, "store_keys_lasting_peak", phase="keeping") != 3:
            told = await pricing.metrics()
    assert peak(told, "store_expiring_together_peak", phase="keeping") == 5
    await pricing.user.post("/clearings")


async def test_a_change_is_announced_after_the_store_comes_back(pricing: Stock, redis: Store) -> None:
    async with Redis.from_url(redis.owner, username="er", password=SECRET) as owner, owner.pubsub() as channel:
        await channel.subscribe("prices")
        subscribed = await channel.get_message(timeout=5)
        await owner.client_pause(1500)
        told = await pricing.user.post("/changes", json=[{"product": 1, "currency": "EUR"}])
        heard = await channel.get_message(timeout=10)
    assert subscribed["type"] == "subscribe"
    assert told.json()["changed"] == [json.loads(heard["data"])]
