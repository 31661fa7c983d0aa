"""The warehouse records every sale, unless its version or token is outdated."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from serving import SECRET, Stock, fresh, stocked, until

from kit.receipts import Receipts

pytestmark = pytest.mark.anyio

DROP = "drop-0a1b2"
RUNNER = "runner-0a1b2"


@pytest.fixture
async def warehouse() -> AsyncIterator[Stock]:
    async with stocked(fresh("warehouse").service) as served:
        yield served


async def look(warehouse: Stock, sku: str = RUNNER) -> dict[str, int]:
    told: dict[str, int] = (await warehouse.user.get(f"/stock/{sku}")).json()
    return told


async def sell(warehouse: Stock, left: int, sku: str = RUNNER, **guards: int) -> int:
    sale = {"order": "b2", "left": left, **guards}
    return (await warehouse.user.post(f"/sales/{sku}", json=sale)).status_code


async def sell_one(warehouse: Stock) -> None:
    assert await sell(warehouse, (await look(warehouse))["left"] - 1) == 201


async def overtaken_late(warehouse: Stock, monkeypatch: pytest.MonkeyPatch) -> int:
    """Sell two pairs, then one late from an older number.

    Return the number left before that.
    """
    left = (await look(warehouse))["left"]
    await sell_one(warehouse)
    await sell_one(warehouse)
    seen = (await look(warehouse))["left"]
    with monkeypatch.context() as context:
        context.setattr("warehouse.LATE_SECONDS", 0)
        await sell(warehouse, left - 1)
    return seen


def entries(warehouse: Stock) -> Counter[str]:
    found: Counter[str] = Counter()
    for (entry, *_), count in warehouse.service.ledger.counts.items():
        found[entry] += count
    return found


async def test_a_sale_sets_the_number_left_and_carries_a_receipt(warehouse: Stock) -> None:
    told = await warehouse.user.post(f"/sales/{RUNNER}", json={"order": "b2", "left": 39})
    assert told.status_code == 201
    assert Receipts(SECRET).genuine(told.json()["receipt"], "sold", RUNNER, "b2")
    seen = await look(warehouse)
    assert (seen["left"], seen["version"], seen["token"]) == (39, 1, 0)


async def test_only_an_empty_shelf_carries_a_receipt(warehouse: Stock) -> None:
    assert (await look(warehouse))["receipt"] is None
    assert await sell(warehouse, 0) == 201
    assert Receipts(SECRET).authentic((await look(warehouse))["receipt"], "sold out", RUNNER)


async def test_two_sales_from_one_reading_are_recorded_as_an_overlap(warehouse: Stock) -> None:
    left = (await look(warehouse))["left"]
    assert [await sell(warehouse, left - 1) for _ in range(2)] == [201, 201]
    assert entries(warehouse) == {"sold": 2, "overlap": 1}
    assert (await look(warehouse))["left"] == left - 1


async def test_the_second_sale_with_one_version_or_token_is_refused(warehouse: Stock) -> None:
    for guard, seen in (("version", 0), ("token", 8)):
        left = (await look(warehouse))["left"]
        assert [await sell(warehouse, left - 1, RUNNER, **{guard: seen}) for _ in range(2)] == [201, 409], guard
    assert entries(warehouse) == {"sold": 2, "refused": 2}


async def test_a_token_not_newer_than_all_seen_is_refused(warehouse: Stock) -> None:
    assert await sell(warehouse, 39, token=8) == 201
    assert [await sell(warehouse, 38, token=token) for token in (1, 7, 8)] == [409, 409, 409]
    assert (await look(warehouse))["token"] == 8
    assert await sell(warehouse, 38, token=9) == 201


async def test_a_sale_from_a_number_superseded_long_ago_is_late(
    warehouse: Stock, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = (await look(warehouse))["left"]
    await sell_one(warehouse)
    monkeypatch.setattr("warehouse.LATE_SECONDS", 0)
    assert await sell(warehouse, left - 1) == 201
    assert entries(warehouse) == {"sold": 2, "late": 1}


async def test_a_sale_superseded_by_a_late_one_is_not_an_overlap(
    warehouse: Stock, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = await overtaken_late(warehouse, monkeypatch)
    assert await sell(warehouse, seen - 1) == 201
    assert entries(warehouse) == {"sold": 4, "late": 2}


async def test_a_late_sale_excuses_only_the_first_that_it_supersedes(
    warehouse: Stock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await overtaken_late(warehouse, monkeypatch)
    second = (await look(warehouse))["left"]
    assert [await sell(warehouse, seen - 1) for seen in (first, second)] == [201, 201]
    assert entries(warehouse) == {"sold": 5, "late": 2, "overlap": 1}


async def test_a_delayed_sale_is_late_in_the_phase_of_its_arrival(
    warehouse: Stock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.LATE_SECONDS", 0)
    await warehouse.enter("stuck")
    await warehouse.inject("hang", then="late", scope="/sales", hits_for=0.3)
    left = (await look(warehouse))["left"]
    stuck = asyncio.create_task(sell(warehouse, left - 1))
    await until(lambda: warehouse.service.faults.held == 1)
    await asyncio.sleep(0.3)
    await warehouse.enter("arrived")
    await sell_one(warehouse)
    await warehouse.heal()
    assert await stuck == 201
    assert warehouse.service.ledger.counts["late", RUNNER, "stuck"] == 1


async def test_sales_beyond_the_delivery_are_oversold(warehouse: Stock) -> None:
    for _ in range(10):
        await sell(warehouse, 7, DROP)
    assert entries(warehouse) == {"sold": 8, "oversold": 2, "overlap": 9}
    series = await warehouse.metrics()
    assert series[f'shelf_delivered{{account="{DROP}"}}'] == 8


async def test_a_count_balances_until_a_sale_from_an_old_reading(warehouse: Stock) -> None:
    await look(warehouse, DROP)
    await sell_one(warehouse)
    told = await warehouse.user.get("/count")
    assert (told.status_code, told.json()) == (200, {"counted": 1})
    await sell(warehouse, 39)
    assert (await warehouse.user.get("/count")).status_code == 409


async def test_a_count_skips_shelves_without_recent_sales(warehouse: Stock, monkeypatch: pytest.MonkeyPatch) -> None:
    await sell(warehouse, 30)
    monkeypatch.setattr("warehouse.COUNTED_SECONDS", 0)
    assert (await warehouse.user.get("/count")).json() == {"counted": 0}


@pytest.mark.parametrize("sku", ["boot-0a1b2", "drop", "drop-0a1b2c", "drop-XXXXX"])
async def test_an_unknown_sku_is_refused(warehouse: Stock, sku: str) -> None:
    assert (await warehouse.user.get(f"/stock/{sku}")).status_code == 422
