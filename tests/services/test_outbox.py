"""The outbox with real payments: it makes each charge once, and one at a time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from serving import SECRET, Stock, fresh, stocked, until

from kit.receipts import Receipts

pytestmark = pytest.mark.anyio


@pytest.fixture
async def payments() -> AsyncIterator[Stock]:
    async with stocked(fresh("payments").service) as served:
        yield served


@pytest.fixture
async def outbox(payments: Stock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stock]:
    async with before(payments, monkeypatch) as served:
        yield served


@asynccontextmanager
async def before(payments: Stock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stock]:
    monkeypatch.setenv("PAYMENTS_URL", f"http://127.0.0.1:{payments.server.port}")
    module = fresh("outbox")
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.2)
    async with stocked(module.service) as served:
        yield served


async def hand_over(outbox: Stock, order: str, key: str) -> dict[str, str]:
    answer = await outbox.user.post("/entries", json={"order": order, "amount": 999, "key": key})
    assert answer.status_code == 202
    told: dict[str, str] = answer.json()
    return told


def ledger(payments: Stock) -> dict[str, int]:
    return {entry: count for (entry, *_), count in payments.service.ledger.counts.items()}


async def test_an_entrys_receipt_says_that_the_order_is_accepted_not_paid(outbox: Stock) -> None:
    told = await hand_over(outbox, "a", "k")
    assert not Receipts(SECRET).genuine(told["receipt"], "paid", "a")
    assert Receipts(SECRET).genuine(told["receipt"], "accepted", "a")


async def test_an_entry_is_charged_once_payments_is_healthy(outbox: Stock, payments: Stock) -> None:
    await payments.inject("error")
    for number in range(5):
        await hand_over(outbox, f"order-{number}", f"key-{number}")
    assert (await outbox.metrics())["outbox_waiting"] == 5
    await payments.heal()
    await until(lambda: ledger(payments) == {"charge": 5})
    assert (await outbox.metrics())["outbox_waiting"] == 0
    assert payments.service.capacity.peak_by_phase == {"idle": 1}


async def test_an_order_known_to_payments_under_its_key_is_not_charged_again(outbox: Stock, payments: Stock) -> None:
    await payments.user.post("/charges", json={"order": "a", "amount": 999}, headers={"Idempotency-Key": "k"})
    await hand_over(outbox, "a", "k")
    await hand_over(outbox, "b", "l")
    await until(lambda: ledger(payments) == {"charge": 2})


async def test_payments_is_asked_rarely_while_it_fails(outbox: Stock, payments: Stock) -> None:
    await payments.inject("error")
    for number in range(20):
        await hand_over(outbox, f"order-{number}", f"key-{number}")
    await until(lambda: payments_was_asked(payments) >= 2)
    assert payments_was_asked(payments) <= 3


def payments_was_asked(payments: Stock) -> int:
    text = payments.service.telemetry.exposition().decode()
    return sum(int(float(line.split()[-1])) for line in text.splitlines() if line.startswith("service_requests_total{"))


async def test_a_charge_that_payments_refuses_does_not_block_the_others(outbox: Stock, payments: Stock) -> None:
    refused = await payments.inject("error", status=422)
    await hand_over(outbox, "a", "k")
    await until(lambda: payments_was_asked(payments) == 1)
    await payments.control.delete(f"/faults/{refused['id']}")
    await hand_over(outbox, "b", "l")
    await until(lambda: ledger(payments) == {"charge": 1})
