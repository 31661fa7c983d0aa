"""The accepted fixes of lab 16 give each lock back, and answer in time whatever the warehouse does."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType

import pytest
from patience import PATIENCE
from probing import Deed, ScriptedService, answering, hang, import_patient, reset, trickle
from redis.exceptions import ConnectionError as StoreError
from serving import until
from starlette.requests import Request
from starlette.responses import Response

from grader.course.course import Course
from grader.course.fixes import accepted

pytestmark = pytest.mark.anyio

FIXES = sorted(accepted(Course.here().lab("16")))
WITHOUT_LOCK = "conditional-write"
WITH_LOCK = [name for name in FIXES if name != WITHOUT_LOCK]
SKU = "runner-0a1b2"
KEY = f"lock:{SKU}"
STOCK = {"sku": SKU, "left": 5, "version": 7, "token": 3, "receipt": None}
LOOK = answering(200, STOCK)
EMPTY = answering(200, {**STOCK, "left": 0, "receipt": "a.b"})
SOLD = answering(201, {"sku": SKU, "order": "order-1", "left": 4, "receipt": "c.d"})
OVERTAKEN = answering(409, {"detail": "version 7 was read, and now it is 8"})


async def not_json(_: Request) -> Response:
    """Answer 200 with a body that is not JSON."""
    return Response("<html>")


class FakeStore:
    """Keep locks as Redis does; a command in `lost` is obeyed, but its answer is lost."""

    def __init__(self) -> None:
        self.locks: dict[str, str] = {}
        self.lost: set[str] = set()
        self.leases: list[float] = []

    async def execute_command(self, command: str, *words: object, **_: object) -> object:
        """Obey one of the commands that the fixes and the client's own lock send."""
        answer = self._set(*words) if command == "SET" else self._release(*words)
        if command in self.lost:
            raise StoreError
        return answer

    def _set(self, key: object, owner: object, *options: object) -> bool:
        assert "NX" in options
        self.leases.append(float(str(options[options.index("PX") + 1])))
        return self.locks.setdefault(str(key), _text(owner)) == _text(owner)

    def _release(self, _script: object, _keys: object, key: object, owner: object) -> int:
        if self.locks.get(str(key)) != _text(owner):
            return 0
        del self.locks[str(key)]
        return 1


def _text(word: object) -> str:
    return word.decode() if isinstance(word, bytes) else str(word)


class Sales:
    """Buy at a fix's shop, whose warehouse and store are fakes."""

    def __init__(self, module: ModuleType, warehouse: ScriptedService) -> None:
        self.module = module
        self.warehouse = warehouse
        self.store = FakeStore()

    async def buy(self) -> Response:
        """Buy one pair."""
        async with asyncio.timeout(PATIENCE):
            answer: Response = await self.module.buy(self.module.Purchase(sku=SKU, order="order-1"))
        return answer

    @property
    def calls(self) -> list[str]:
        """Return the method of each request at the warehouse."""
        return [request.method for request in self.warehouse.requests]


@pytest.fixture(params=FIXES)
async def sales(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> AsyncIterator[Sales]:
    warehouse = ScriptedService(LOOK, SOLD)
    async with warehouse.serving() as url:
        module = import_patient(monkeypatch, tmp_path, "16", request.param, WAREHOUSE_URL=url)
        async with module.warehouse:
            made = Sales(module, warehouse)
            if hasattr(module, "store"):
                monkeypatch.setattr(module.store, "execute_command", made.store.execute_command)
            yield made


@pytest.fixture
def hurried(sales: Sales, monkeypatch: pytest.MonkeyPatch) -> Sales:
    """Return sales that give up after a fraction of the seconds."""
    monkeypatch.setattr(sales.module, "BUDGET_SECONDS", 0.2)
    return sales


with_lock = pytest.mark.parametrize("sales", WITH_LOCK, indirect=True)


async def test_a_pair_is_sold_by_the_version_of_the_look(sales: Sales) -> None:
    answer = await sales.buy()
    assert (answer.status_code, answer.body) == (201, (await SOLD(sales.warehouse.requests[0])).body)
    assert await sales.warehouse.requests[1].json() == {"order": "order-1", "left": 4, "version": 7}
    assert sales.store.locks == {}


async def test_an_empty_shelf_is_answered_with_its_receipt(sales: Sales) -> None:
    sales.warehouse.go_on_with(EMPTY)
    answer = await sales.buy()
    assert (answer.status_code, answer.body) == (409, (await EMPTY(sales.warehouse.requests[0])).body)
    assert (sales.calls, sales.store.locks) == (["GET"], {})


@pytest.mark.parametrize("failure", [answering(503), answering(500), reset, hang, trickle])
@pytest.mark.parametrize("calls_before", [[], [LOOK]])
async def test_a_failed_call_ends_in_503_and_gives_the_lock_back(
    hurried: Sales, calls_before: list[Deed], failure: Deed
) -> None:
    hurried.warehouse.go_on_with(*calls_before, failure)
    assert (await hurried.buy()).status_code == 503
    assert hurried.store.locks == {}


async def test_an_overtaken_sale_is_not_answered_as_sold(hurried: Sales) -> None:
    hurried.warehouse.go_on_with(LOOK, OVERTAKEN, EMPTY)
    assert (await hurried.buy()).status_code in {409, 503}
    assert hurried.store.locks == {}


@pytest.mark.parametrize("sales", [WITHOUT_LOCK], indirect=True)
async def test_without_a_lock_an_overtaken_buyer_looks_again(sales: Sales) -> None:
    sales.warehouse.go_on_with(LOOK, OVERTAKEN, LOOK, SOLD)
    assert (await sales.buy()).status_code == 201
    assert sales.calls == ["GET", "POST"] * 2


@with_lock
@pytest.mark.parametrize("stalled", [hang, trickle])
@pytest.mark.parametrize("calls_before", [[], [LOOK]])
async def test_a_cancelled_buyer_gives_the_lock_back(sales: Sales, calls_before: list[Deed], stalled: Deed) -> None:
    sales.warehouse.go_on_with(*calls_before, stalled)
    buying = asyncio.create_task(sales.buy())
    await until(lambda: len(sales.calls) == len(calls_before) + 1)
    assert KEY in sales.store.locks
    buying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await buying
    assert sales.store.locks == {}


@with_lock
async def test_an_unexpected_error_gives_the_lock_back(sales: Sales) -> None:
    sales.warehouse.go_on_with(not_json)
    with pytest.raises(ValueError, match="Expecting value"):
        await sales.buy()
    assert sales.store.locks == {}


@with_lock
async def test_a_buyer_who_waits_in_vain_leaves_the_lock_to_its_owner(hurried: Sales) -> None:
    hurried.store.locks[KEY] = "another"
    assert (await hurried.buy()).status_code == 503
    assert (hurried.calls, hurried.store.locks) == ([], {KEY: "another"})


@with_lock
async def test_a_seller_whose_lease_has_expired_leaves_the_lock_to_the_next(sales: Sales) -> None:
    async def take_over(request: Request) -> Response:
        sales.store.locks[KEY] = "another"
        return await SOLD(request)

    sales.warehouse.go_on_with(LOOK, take_over)
    assert (await sales.buy()).status_code == 201
    assert sales.store.locks == {KEY: "another"}


@with_lock
async def test_a_lock_ends_after_the_budget_of_its_holder(sales: Sales) -> None:
    await sales.buy()
    assert sales.store.leases == [2000]
    assert sales.module.BUDGET_SECONDS < 2


@with_lock
async def test_a_failed_release_does_not_undo_the_sale(sales: Sales) -> None:
    sales.store.lost.add("EVALSHA")
    assert (await sales.buy()).status_code == 201


@with_lock
async def test_a_store_that_fails_is_answered_503_and_nothing_is_sold(sales: Sales) -> None:
    sales.store.lost.add("SET")
    assert (await sales.buy()).status_code == 503
    assert sales.calls == []


@pytest.mark.parametrize("sales", ["by-hand"], indirect=True)
async def test_a_lock_whose_answer_was_lost_is_given_back(sales: Sales) -> None:
    sales.store.lost.add("SET")
    await sales.buy()
    assert sales.store.locks == {}
