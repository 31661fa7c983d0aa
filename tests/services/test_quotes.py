import asyncio
from collections.abc import AsyncIterator

import pytest
from serving import SECRET, Stock, fresh, stocked

from kit.receipts import Receipts

pytestmark = pytest.mark.anyio


@pytest.fixture
async def quotes() -> AsyncIterator[Stock]:
    async with stocked(fresh("quotes").service) as served:
        yield served


async def test_a_quote_has_a_price_and_a_receipt_for_tenant_and_symbol(quotes: Stock) -> None:
    answer = await quotes.user.get("/quote", params={"symbol": "XYZ"}, headers={"X-Tenant": "amber"})
    told = answer.json()
    assert answer.status_code == 200
    assert set(told) == {"symbol", "price", "receipt"}
    assert told["symbol"] == "XYZ"
    assert Receipts(SECRET).genuine(told["receipt"], "amber", "XYZ")


async def test_a_symbol_has_one_price(quotes: Stock) -> None:
    asked = [quotes.user.get("/quote?symbol=XYZ", headers={"X-Tenant": tenant}) for tenant in ("amber", "birch")]
    first, second = await asyncio.gather(*asked)
    assert first.json()["price"] == second.json()["price"] > 0
    assert first.json()["receipt"] != second.json()["receipt"]


async def test_the_ledger_holds_one_entry_for_each_quote(quotes: Stock) -> None:
    await asyncio.gather(*(quotes.user.get("/quote?symbol=XYZ", headers={"X-Tenant": "amber"}) for _ in range(7)))
    assert quotes.service.ledger.counts == {("quote", "amber", "idle"): 7}


async def test_five_workers_serve_and_the_rest_waits(quotes: Stock) -> None:
    await asyncio.gather(*(quotes.user.get("/quote?symbol=XYZ", headers={"X-Tenant": "amber"}) for _ in range(20)))
    metrics = await quotes.metrics()
    assert metrics["work_capacity"] == 5
    assert 5 < metrics['work_in_flight_peak{phase="idle"}'] <= 20
    assert metrics["work_in_flight"] == 0


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("", {"X-Tenant": "amber"}),
        ("?symbol=XYZ", {}),
        (f"?symbol={'X' * 17}", {"X-Tenant": "amber"}),
        ("?symbol=XYZ", {"X-Tenant": "a" * 65}),
    ],
)
async def test_a_request_without_symbol_or_tenant_costs_no_work(
    quotes: Stock, query: str, headers: dict[str, str]
) -> None:
    answer = await quotes.user.get(f"/quote{query}", headers=headers)
    assert answer.status_code == 422
    assert not quotes.service.ledger.counts


async def test_the_twin_answers_ok_and_does_nothing() -> None:
    async with stocked(fresh("twin").service) as twin:
        assert (await twin.user.get("/")).json() == {"status": "ok"}
        assert not twin.service.ledger.counts
