from collections.abc import AsyncIterator

import httpx2
import pytest
from serving import SECRET, Stock, fresh, stocked

from kit.receipts import Receipts

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shipping() -> AsyncIterator[Stock]:
    async with stocked(fresh("shipping").service) as served:
        yield served


async def ship(shipping: Stock, order: str, key: str | None = None) -> httpx2.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await shipping.user.post("/shipments", json={"order": order}, headers=headers)


def ledger(shipping: Stock) -> dict[str, int]:
    return {entry: count for (entry, *_), count in shipping.service.ledger.counts.items()}


async def test_a_shipment_carries_a_receipt_that_the_order_is_shipped(shipping: Stock) -> None:
    answer = await ship(shipping, "a")
    assert answer.status_code == 201
    assert Receipts(SECRET).genuine(answer.json()["receipt"], "shipped", "a")


async def test_the_same_key_gets_the_same_shipment(shipping: Stock) -> None:
    first, again = await ship(shipping, "a", key="k"), await ship(shipping, "a", key="k")
    assert first.json() == again.json()
    assert ledger(shipping) == {"shipment": 1}


async def test_another_key_sends_the_parcel_twice(shipping: Stock) -> None:
    for key in ("k", "l", None):
        await ship(shipping, "a", key=key)
    assert ledger(shipping) == {"shipment": 1, "second-shipment": 2}


async def test_a_refusal_sends_nothing_and_is_not_recorded(shipping: Stock) -> None:
    await shipping.inject("refuse")
    assert (await ship(shipping, "a", key="k")).status_code == 409
    assert ledger(shipping) == {"refusal": 1}
    await shipping.heal()
    assert (await ship(shipping, "a", key="k")).status_code == 201


async def test_a_sent_parcel_is_not_refused_under_its_key(shipping: Stock) -> None:
    await ship(shipping, "a", key="k")
    await shipping.inject("refuse")
    assert (await ship(shipping, "a", key="k")).status_code == 201
    assert ledger(shipping) == {"shipment": 1}
