"""The auditor, and the services that write its journal."""

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from serving import Stock, fresh, stocked

from kit.journal import Journal

pytestmark = pytest.mark.anyio

HOLD, CHARGE, SHIP = ("hold", "charge", "shipment")


@pytest.fixture(autouse=True)
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Journal:
    monkeypatch.setenv("BOOK", str(tmp_path / "book"))
    return Journal()


@pytest.fixture
async def auditor() -> AsyncIterator[Stock]:
    async with stocked(fresh("auditor").service) as served:
        yield served


async def found(auditor: Stock) -> dict[str, int]:
    prefix = 'audited_orders{finding="'
    metrics = await auditor.metrics()
    return {
        series.removeprefix(prefix).removesuffix('"}'): int(value)
        for series, value in metrics.items()
        if series.startswith(prefix) and value
    }


@pytest.mark.parametrize(
    ("entries", "findings"),
    [
        ([], {}),
        ([HOLD], {"stock": 1, "half-done": 1}),
        ([HOLD, CHARGE], {"money": 1, "stock": 1, "half-done": 1}),
        ([HOLD, CHARGE, SHIP], {"brought": 1}),
        ([HOLD, CHARGE, "refusal"], {"brought": 1, "money": 1, "stock": 1, "half-done": 1}),
        ([HOLD, CHARGE, "refusal", "refund"], {"brought": 1, "stock": 1, "half-done": 1}),
        ([HOLD, CHARGE, "refusal", "refund", "release"], {"brought": 1}),
        ([HOLD, CHARGE, "refund", "release"], {}),
        ([HOLD, CHARGE, "refusal", "release", "refund"], {"brought": 1, "out-of-order": 1}),
        ([HOLD, CHARGE, CHARGE, SHIP], {"brought": 1, "money": 1, "half-done": 1}),
        ([HOLD, CHARGE, CHARGE, "refund", "release"], {"money": 1, "half-done": 1}),
        ([HOLD, "release"], {}),
        ([HOLD, HOLD, CHARGE, SHIP], {"brought": 1, "stock": 1, "half-done": 1}),
        ([HOLD, CHARGE, "refusal", SHIP], {"brought": 1, "overruled": 1}),
        (
            [HOLD, CHARGE, "refusal", "refund", SHIP, "release"],
            {"brought": 1, "money": 1, "stock": 1, "half-done": 1, "overruled": 1},
        ),
    ],
)
async def test_the_auditor_reports_an_order_that_is_neither_complete_nor_undone(
    auditor: Stock, journal: Journal, entries: list[str], findings: dict[str, int]
) -> None:
    for entry in entries:
        journal.append("a", entry)
    assert await found(auditor) == findings


async def test_the_auditor_reads_new_entries_order_by_order(auditor: Stock, journal: Journal) -> None:
    journal.append("a", HOLD)
    journal.append("b", HOLD)
    assert await found(auditor) == {"stock": 2, "half-done": 2}
    journal.append("a", "release")
    assert await found(auditor) == {"stock": 1, "half-done": 1}


@pytest.mark.parametrize(
    ("entries", "left"),
    [
        ([HOLD], False),
        ([HOLD, CHARGE], True),
        ([HOLD, CHARGE, "refusal"], True),
        ([HOLD, CHARGE, SHIP], False),
        ([HOLD, CHARGE, CHARGE, SHIP], False),
        ([HOLD, CHARGE, "refusal", "refund"], False),
    ],
)
async def test_an_order_that_is_left_paid_without_a_parcel_is_found(
    auditor: Stock, journal: Journal, monkeypatch: pytest.MonkeyPatch, entries: list[str], *, left: bool
) -> None:
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr("auditor.time", SimpleNamespace(monotonic=lambda: clock.now))
    for entry in entries:
        journal.append("a", entry)
    assert "paid-for-nothing" not in await found(auditor)
    clock.now += 5.1
    assert ("paid-for-nothing" in await found(auditor)) is left


async def test_each_finding_is_exported_from_the_start(auditor: Stock) -> None:
    told = [series for series in await auditor.metrics() if series.startswith("audited_orders")]
    assert len(told) == 7


async def test_payments_inventory_and_shipping_write_the_journal(journal: Journal) -> None:
    wanted = {"order": "a", "item": "lamp", "quantity": 1, "amount": 999}
    commands = {
        "inventory": ["/holds", "/releases/a"],
        "payments": ["/charges", "/refunds/a"],
        "shipping": ["/shipments"],
    }
    for name, paths in commands.items():
        async with stocked(fresh(name).service) as served:
            for path in paths:
                for _ in range(2):
                    answer = await served.user.post(path, json=wanted, headers={"Idempotency-Key": path})
                    assert answer.status_code == 201, answer.text
    assert [entry for _, entry in journal.unread()] == ["hold", "release", "charge", "refund", "shipment"]


async def test_shipping_writes_a_refusal_into_the_journal(journal: Journal) -> None:
    async with stocked(fresh("shipping").service) as shipping:
        await shipping.inject("refuse")
        await shipping.user.post("/shipments", json={"order": "a"})
    assert list(journal.unread()) == [("a", "refusal")]
