"""The accepted fixes of lab 05 keep their contract when the worst happens at the worst moment."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Self

import asyncpg
import pytest
from fake_redis import FakeRedis
from probing import import_patient

from grader.course.course import Course
from grader.course.fixes import accepted

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("fix", accepted(Course.here().lab("05")))]

FRESH_SECONDS = 2.0
"""How soon a changed price must show."""


class FakeDatabase:
    """Prices by product, whose queries read at once, and then wait while `held`."""

    def __init__(self) -> None:
        self.versions: Counter[int] = Counter({7: 1})
        self.queries = 0
        self.error: Exception | None = None
        self._answering = asyncio.Event()
        self._answering.set()

    def acquire(self, timeout: float) -> Self:  # as asyncpg has it
        del timeout
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return

    async def fetchrow(self, _: str, product: int, currency: str, timeout: float) -> dict[str, object] | None:  # noqa: ASYNC109
        del timeout
        self.queries += 1
        version, error = self.versions[product], self.error
        await self._answering.wait()
        if error:
            raise error
        return {"product": product, "currency": currency, "version": version} if version else None

    def hold(self) -> None:
        self._answering.clear()

    def answer(self) -> None:
        self._answering.set()


def keep_with_lease(store: FakeRedis, keys: Sequence[bytes], args: Sequence[bytes]) -> None:
    """Do what the script of the fix by hand does."""
    (page, lease), (token, found, seconds) = keys, args
    if store.data.get(lease) == token:
        store.put(page, found, float(seconds))


class Shop:
    """One replica of a fix, with its database and its Redis."""

    def __init__(self, patient: ModuleType, database: FakeDatabase, redis: FakeRedis) -> None:
        self.database = database
        self.redis = redis
        self._patient = patient

    async def view(self, product: int = 7) -> tuple[int, int]:
        """Return status and version of a page."""
        answer = await self._patient.page(product, "EUR")
        return answer.status_code, json.loads(answer.body)["version"] if answer.status_code == 200 else 0

    def change(self, *, heard: bool = True) -> None:
        """Change the price, and announce it."""
        self.database.versions[7] += 1
        if heard:
            changed = {"product": 7, "currency": "EUR", "version": self.database.versions[7]}
            self.redis.publish(json.dumps(changed))

    async def shows(self, version: int) -> None:
        """Wait until the page shows this version."""
        await within(FRESH_SECONDS, lambda: self._is(version))

    async def subscribed(self) -> None:
        """Wait until the replica is subscribed."""
        await within(FRESH_SECONDS, self._is_subscribed)
        await asyncio.sleep(0.05)

    async def at_work(self) -> None:
        """Wait until the database has a query."""
        await within(FRESH_SECONDS, self._has_query)

    async def _is(self, version: int) -> bool:
        return await self.view() == (200, version)

    async def _is_subscribed(self) -> bool:
        return self.redis.subscribers == 1

    async def _has_query(self) -> bool:
        return self.database.queries > 0


async def within(seconds: float, holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110 # what it waits for has no event
            await asyncio.sleep(0.01)


@pytest.fixture
async def shop(fix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    redis, database = FakeRedis(keep_with_lease), FakeDatabase()

    @asynccontextmanager
    async def create_pool(*_: object, **__: object) -> AsyncIterator[FakeDatabase]:
        yield database

    monkeypatch.setattr(asyncpg, "create_pool", create_pool)
    async with redis.serving() as url:
        patient = import_patient(monkeypatch, tmp_path, "05", fix, REDIS_URL=url)
        async with patient.lifespan(patient.app):
            opened = Shop(patient, database, redis)
            await opened.subscribed()
            yield opened


async def test_a_page_costs_one_query_until_its_price_changes(shop: Shop) -> None:
    assert [await shop.view() for _ in range(3)] == [(200, 1)] * 3
    assert shop.database.queries == 1
    shop.change()
    await shop.shows(2)


async def test_a_product_that_is_not_sold_costs_one_query(shop: Shop) -> None:
    assert [await shop.view(9) for _ in range(3)] == [(404, 0)] * 3
    assert shop.database.queries == 1


async def test_a_change_shows_although_nobody_was_subscribed(shop: Shop) -> None:
    await shop.view()
    shop.redis.cut()
    shop.change(heard=False)
    await shop.shows(2)


async def test_a_change_20_milliseconds_after_a_cut_shows(shop: Shop) -> None:
    await shop.view()
    shop.redis.cut()
    await asyncio.sleep(0.02)
    shop.change()
    await shop.shows(2)


async def test_a_page_whose_price_changes_while_it_is_computed_is_not_kept(shop: Shop) -> None:
    shop.database.hold()
    viewing = asyncio.create_task(shop.view())
    await shop.at_work()
    shop.change()
    await asyncio.sleep(0.1)
    shop.database.answer()
    assert await viewing == (200, 1)
    assert await shop.view() == (200, 2)


async def test_a_page_is_not_kept_when_a_change_was_missed_while_it_was_computed(shop: Shop) -> None:
    shop.database.hold()
    viewing = asyncio.create_task(shop.view())
    await shop.at_work()
    shop.redis.cut()
    shop.change(heard=False)
    await asyncio.sleep(0.05)
    await shop.subscribed()
    shop.database.answer()
    assert await viewing == (200, 1)
    assert await shop.view() == (200, 2)


async def test_changes_show_before_and_after_a_restart_of_the_store(shop: Shop) -> None:
    await shop.view()
    shop.redis.restart()
    shop.change(heard=False)
    await shop.shows(2)
    await shop.subscribed()
    shop.change()
    await shop.shows(3)


async def test_a_page_is_computed_within_a_second_while_the_store_stalls(shop: Shop) -> None:
    shop.redis.pause()
    async with asyncio.timeout(1):
        assert await shop.view() == (200, 1)
    shop.redis.resume()
    shop.change()
    await shop.shows(2)


async def test_a_crowd_costs_one_query_even_when_its_first_request_is_cancelled(shop: Shop) -> None:
    shop.database.hold()
    first, *others = [asyncio.create_task(shop.view()) for _ in range(30)]
    await shop.at_work()
    first.cancel()
    await asyncio.sleep(0.05)
    shop.database.answer()
    assert await asyncio.gather(*others) == [(200, 1)] * 29
    assert shop.database.queries == 1


@pytest.mark.parametrize("error", [ConnectionRefusedError(), asyncpg.InterfaceError("closed"), TimeoutError()])
async def test_a_failure_of_the_database_reaches_the_whole_crowd_and_is_not_kept(shop: Shop, error: Exception) -> None:
    shop.database.error = error
    assert await asyncio.gather(*(shop.view() for _ in range(5))) == [(503, 0)] * 5
    shop.database.error = None
    assert await shop.view() == (200, 1)


async def test_an_unexpected_error_leaves_nothing_behind(shop: Shop) -> None:
    shop.database.error = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        await shop.view()
    shop.database.error = None
    assert await shop.view() == (200, 1)


@pytest.mark.parametrize("text", ["no JSON", "null", "[]", "{}"])
async def test_a_message_that_cannot_be_read_does_not_end_the_listening(shop: Shop, text: str) -> None:
    await shop.view()
    shop.redis.publish(text)
    await asyncio.sleep(0.2)
    await shop.subscribed()
    shop.change()
    await shop.shows(2)


async def test_every_key_expires_in_about_a_minute_at_most(shop: Shop) -> None:
    await asyncio.gather(shop.view(7), shop.view(8), shop.view(9))
    assert shop.redis.lives
    assert all(seconds and seconds <= 70 for seconds in shop.redis.lives.values())
