"""A page with a checkout, whose small pool limits its speed."""

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


async def test_a_page_shows_the_prices_from_checkout(page: Stock) -> None:
    assert (await page.user.get("/page")).json() == {"costs": {"price": 5}}


@pytest.mark.parametrize("kind", ["error", "reset"])
async def test_a_page_answers_503_without_checkout(page: Stock, checkout: Stock, kind: str) -> None:
    await checkout.inject(kind)
    assert (await page.user.get("/page")).status_code == 503


async def test_pages_waiting_for_checkout_make_all_others_wait_for_a_connection(page: Stock, checkout: Stock) -> None:
    await checkout.inject("hang")
    asking = [asyncio.create_task(page.user.get("/page")) for _ in range(12)]
    answers = await asyncio.gather(*asking)
    assert {answer.status_code for answer in answers} == {503}
    assert sum("PoolTimeout" in answer.text for answer in answers) == 4
