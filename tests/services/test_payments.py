from collections.abc import AsyncIterator

import httpx2
import pytest
from serving import SECRET, Stock, fresh, stocked, until

from kit.receipts import Receipts

pytestmark = pytest.mark.anyio


@pytest.fixture
async def payments() -> AsyncIterator[Stock]:
    async with stocked(fresh("payments").service) as served:
        yield served


async def charge(payments: Stock, order: str, key: str | None = None) -> httpx2.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await payments.user.post("/charges", json={"order": order, "amount": 999}, headers=headers, timeout=0.3)


def ledger(payments: Stock) -> dict[str, int]:
    return {entry: count for (entry, *_), count in payments.service.ledger.counts.items()}


async def test_a_charge_carries_a_receipt_that_the_order_is_paid(payments: Stock) -> None:
    answer = await charge(payments, "a", key="k")
    assert answer.status_code == 201
    assert Receipts(SECRET).genuine(answer.json()["receipt"], "paid", "a")


async def test_the_same_key_gets_the_same_charge(payments: Stock) -> None:
    first, again = await charge(payments, "a", key="k"), await charge(payments, "a", key="k")
    assert first.json() == again.json()
    assert ledger(payments) == {"charge": 1}


async def test_another_key_charges_the_order_twice(payments: Stock) -> None:
    for key in ("k", "l", None):
        await charge(payments, "a", key=key)
    await charge(payments, "b")
    assert ledger(payments) == {"charge": 2, "second-charge": 2}


async def test_a_charge_that_hung_is_made_late_under_its_key(payments: Stock) -> None:
    await payments.inject("hang", then="late")
    with pytest.raises(httpx2.ReadTimeout):
        await charge(payments, "a", key="k")
    assert not ledger(payments)
    await payments.heal()
    await until(lambda: ledger(payments) == {"charge": 1})
    await charge(payments, "a", key="k")
    assert ledger(payments) == {"charge": 1}


async def refund(payments: Stock, order: str, key: str | None = None) -> httpx2.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await payments.user.post(f"/refunds/{order}", headers=headers)


async def test_an_order_is_refunded_once_for_each_key(payments: Stock) -> None:
    await charge(payments, "a", key="k")
    first, again = await refund(payments, "a", key="k"), await refund(payments, "a", key="k")
    assert first.status_code == 201
    assert first.json() == again.json()
    assert ledger(payments) == {"charge": 1, "refund": 1}
    for key in ("l", None):
        await refund(payments, "a", key=key)
    assert ledger(payments) == {"charge": 1, "refund": 1, "second-refund": 2}


async def test_an_unpaid_order_is_not_refunded(payments: Stock) -> None:
    assert (await refund(payments, "a", key="k")).status_code == 404
    assert not ledger(payments)
