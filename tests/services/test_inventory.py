from collections.abc import AsyncIterator

import httpx2
import pytest
from serving import SECRET, Stock, fresh, stocked

from kit.receipts import Receipts

pytestmark = pytest.mark.anyio


@pytest.fixture
async def inventory() -> AsyncIterator[Stock]:
    async with stocked(fresh("inventory").service) as served:
        yield served


async def hold(inventory: Stock, order: str, key: str | None = None, item: str = "lamp") -> httpx2.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await inventory.user.post("/holds", json={"order": order, "item": item, "quantity": 2}, headers=headers)


def ledger(inventory: Stock) -> dict[str, int]:
    return {entry: count for (entry, *_), count in inventory.service.ledger.counts.items()}


async def test_a_hold_carries_a_receipt_for_order_and_item(inventory: Stock) -> None:
    answer = await hold(inventory, "a")
    assert answer.status_code == 201
    assert Receipts(SECRET).genuine(answer.json()["receipt"], "a", "lamp")


async def test_the_same_key_gets_the_same_hold(inventory: Stock) -> None:
    first, second = [await hold(inventory, "a", key="k") for _ in range(2)]
    assert second.json() == first.json()
    assert ledger(inventory) == {"hold": 1}


async def test_a_repeated_request_without_its_key_holds_stock_twice(
    inventory: Stock,
) -> None:
    await hold(inventory, "a", key="k")
    await hold(inventory, "a", key="l")
    await hold(inventory, "a")
    await hold(inventory, "b")
    assert ledger(inventory) == {"hold": 2, "second-hold": 2}


async def test_stock_is_held_although_the_answer_is_lost(inventory: Stock) -> None:
    await inventory.inject("lose")
    with pytest.raises(httpx2.ReadError):
        await hold(inventory, "a", key="k")
    await inventory.heal()
    assert (await hold(inventory, "a", key="k")).status_code == 201
    assert ledger(inventory) == {"hold": 1}


async def test_a_discontinued_item_is_always_refused(inventory: Stock) -> None:
    answers = [await hold(inventory, "a", item="gramophone") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert ledger(inventory) == {"refusal": 2}


async def release(inventory: Stock, order: str, key: str | None = None) -> httpx2.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await inventory.user.post(f"/releases/{order}", headers=headers)


async def test_stock_is_released_once_for_each_key(inventory: Stock) -> None:
    await hold(inventory, "a", key="k")
    first, again = await release(inventory, "a", key="k"), await release(inventory, "a", key="k")
    assert first.status_code == 201
    assert first.json() == again.json()
    assert ledger(inventory) == {"hold": 1, "release": 1}
    await release(inventory, "a", key="l")
    assert ledger(inventory) == {"hold": 1, "release": 1, "second-release": 1}


async def test_stock_that_is_not_held_is_not_released(inventory: Stock) -> None:
    assert (await release(inventory, "a", key="k")).status_code == 404
    assert not ledger(inventory)
