"""A page before a checkout: it shows what that says, and is only as quick as its small pool lets it be."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from serving import Stock, fresh, stocked

from kit.service import StockService

pytestmark = pytest.mark.anyio


@pytest.fixture
async def checkout() -> AsyncIterator[Stock]:
    service = StockService("checkout")

    @service.app.get("/prices/lamp")
    async def price() -> dict[str, int]:
        return {"price": 5}

    async with stocked(service) as served:
        yield served


@pytest.fixture
async def page(checkout: Stock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stock]:
    monkeypatch.setenv("CHECKOUT_URL", f"http://127.0.0.1:{checkout.server.port}")
    monkeypatch.setenv("ASKS", "/prices/lamp")
    async with stocked(fresh("pages").service) as served:
        yield served


async def test_a_page_shows_what_checkout_says(page: Stock) -> None:
    assert (await page.user.get("/page")).json() == {"costs": {"price": 5}}


@pytest.mark.parametrize("kind", ["error", "reset"])
async def test_without_checkout_there_is_no_page(page: Stock, checkout: Stock, kind: str) -> None:
    await checkout.inject(kind)
    assert (await page.user.get("/page")).status_code == 503


async def test_who_waits_for_checkout_holds_a_connection_and_all_others_wait_for_one(
    page: Stock, checkout: Stock
) -> None:
    await checkout.inject("hang")
    asking = [asyncio.create_task(page.user.get("/page")) for _ in range(12)]
    answers = await asyncio.gather(*asking)
    assert {answer.status_code for answer in answers} == {503}
    assert sum("PoolTimeout" in answer.text for answer in answers) == 4
