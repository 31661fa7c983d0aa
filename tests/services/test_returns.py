import asyncio
import json
from types import SimpleNamespace

import httpx2
import pytest
from serving import Stock, until

from kit.phase import IDLE, CurrentPhase
from kit.returns import Returns

pytestmark = pytest.mark.anyio


def body(order: object) -> bytes:
    return json.dumps({"order": order}).encode()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr("kit.returns.time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


def test_the_share_is_of_the_busiest_100_ms_of_each_callers_returns(clock: SimpleNamespace) -> None:
    returns = Returns(CurrentPhase())
    for number in range(10):
        returns.cut_off("near" if number < 6 else "far", body(f"order-{number}"), 1)
    for number, at in enumerate((0.0, 0.25, 0.3, 0.34, 0.6, 0.65)):
        clock.now = at
        returns.arrive("near", body(f"order-{number}"))
    for number, at in ((6, 0.31), (7, 5.0)):
        clock.now = at
        returns.arrive("far", body(f"order-{number}"))
    # Three of six, and one of two. Two orders are not back yet.
    assert returns.together() == {(IDLE,): 4 / 8}
    assert returns.expected


def test_only_the_first_return_of_an_order_counts(clock: SimpleNamespace) -> None:
    returns = Returns(CurrentPhase())
    for number in range(2):
        returns.cut_off("near", body(f"order-{number}"), 1)
    for at, number in ((0.0, 0), (1.0, 1), (1.0, 0)):
        clock.now = at
        returns.arrive("near", body(f"order-{number}"))
    assert returns.together() == {(IDLE,): 0.5}
    assert not returns.expected


def test_returns_of_two_hangs_are_two_groups(clock: SimpleNamespace) -> None:
    returns = Returns(CurrentPhase())
    for hang in (1, 2):
        clock.now = hang
        returns.cut_off("near", body("order-1"), hang)
        returns.arrive("near", body("order-1"))
    assert returns.together() == {(IDLE,): 1.0}


@pytest.mark.parametrize("told", [b"", b"{", b"[]", b"7", body(None), body([1]), body("order-2")])
def test_another_body_is_no_return(told: bytes) -> None:
    returns = Returns(CurrentPhase())
    returns.cut_off("near", body("order-1"), 1)
    returns.cut_off("near", told, 1)
    returns.arrive("near", b"{}")
    returns.arrive("far", body("order-1"))
    assert returns.together() == {(IDLE,): 0.0}


def test_a_new_phase_expects_no_orders_of_the_last_one() -> None:
    phase = CurrentPhase()
    returns = Returns(phase)
    returns.cut_off("near", body("order-1"), 1)
    phase.enter("calm")
    assert not returns.expected
    assert returns.together() == {(IDLE,): 0.0, ("calm",): 0.0}


async def test_orders_that_a_hang_resets_are_seen_to_come_back(stock: Stock) -> None:
    async def place(order: int) -> None:
        await stock.user.post("/bread", json={"order": f"order-{order}"})

    async def ratio() -> float:
        return (await stock.metrics())[f'service_returned_together_ratio{{phase="{IDLE}"}}']

    await stock.inject("hang", then="reset")
    held = [asyncio.create_task(place(order)) for order in range(4)]
    await until(lambda: stock.service.faults.held == 4)
    await stock.heal()
    for ended in await asyncio.gather(*held, return_exceptions=True):
        assert isinstance(ended, httpx2.TransportError)
    assert await ratio() == 0
    for order in range(4):
        await place(order)
        await asyncio.sleep(0.11)
    assert await ratio() == 0.25


async def test_an_order_whose_client_left_a_hang_was_not_cut_off(stock: Stock) -> None:
    await stock.inject("hang", then="reset")
    with pytest.raises(httpx2.TimeoutException):
        await stock.user.post("/bread", json={"order": "order-1"}, timeout=0.1)
    await until(lambda: stock.service.faults.held == 0)
    await stock.heal()
    await stock.user.post("/bread", json={"order": "order-1"})
    assert (await stock.metrics())[f'service_returned_together_ratio{{phase="{IDLE}"}}'] == 0
