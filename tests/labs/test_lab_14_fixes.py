"""The accepted fixes of lab 14 stay right when services trickle, replicas stand still and the database fails."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace

import asyncpg
import pytest
from dbos import DBOS
from patience import PATIENCE
from probing import Deed, ScriptedService, answering, hang, import_patient, reset, trickle
from serving import until
from starlette.requests import Request
from starlette.responses import Response

pytestmark = pytest.mark.anyio

DONE = answering(201, {"receipt": "a.b"})
REFUSED = answering(409)
ORDER = {"order": "a", "item": "lamp", "quantity": 1, "amount": 999}
FORWARD = ["/holds", "/charges", "/shipments"]
BACK = ["/refunds/a", "/releases/a"]

Saga = Mapping[str, object]


async def not_json(_: Request) -> Response:
    """Answer 201 with a body that is not JSON."""
    return Response("<html>", 201)


class FakeLog:
    """Keep sagas as the table does, for the statements of the fix.

    `failing` raises at each statement that it names. `slow` ones are done, and then take forever to say so.
    """

    def __init__(self, module: ModuleType) -> None:
        self.sagas: dict[str, dict[str, object]] = {}
        self.failing: dict[str, Exception] = {}
        self.slow: set[str] = set()
        self._module = module
        self._ticks = itertools.count(1)

    def claim(self, number: str) -> Saga:
        """Claim a saga, as another replica does once the claim has expired."""
        saga = self.sagas[number]
        saga["due"] = next(self._ticks)
        return dict(saga)

    async def fetchrow(self, statement: str, number: str, *values: object) -> Saga | None:
        """Begin a saga, note a step, or look up an order."""
        name = await self._named(statement)
        saga = self.sagas.get(number)
        if name == "BEGIN" and saga is None:
            saga = {"id": number, "wanted": values[0], "state": "pending", "step": 0, "receipt": None}
            self.sagas[number] = saga
        elif name == "NOTE" and saga and saga["due"] == values[0]:
            saga |= {"state": values[1], "step": values[2], "receipt": values[3]}
        elif name in {"BEGIN", "NOTE"}:
            return None
        row = self.claim(number) if name else saga
        if name in self.slow:
            await asyncio.Event().wait()
        return row

    async def fetch(self, statement: str, *_: object) -> list[Saga]:
        """Claim all that were left for later."""
        await self._named(statement)
        left = [number for number, saga in self.sagas.items() if saga.pop("left", False)]
        return [self.claim(number) for number in left]

    async def execute(self, statement: str, number: str, due: object) -> None:
        """Leave a saga for later."""
        assert await self._named(statement) == "LATER"
        if self.sagas[number]["due"] == due:
            self.sagas[number] |= {"left": True, "due": next(self._ticks)}

    async def _named(self, statement: str) -> str:
        name = next((name for name, value in vars(self._module).items() if value == statement), "")
        # Only who holds the saga may write.
        assert name not in {"NOTE", "LATER"} or "id = $1 AND due = $2" in statement
        await asyncio.sleep(0)
        if name in self.failing:
            raise self.failing[name]
        return name


class Shop:
    """Take orders with the fix by hand, whose services and database are fakes."""

    def __init__(self, module: ModuleType, services: ScriptedService) -> None:
        self.module = module
        self.services = services
        self.log = FakeLog(module)
        module.app.state.database = self.log

    async def order(self, *deeds: Deed) -> None:
        """Take an order, while the services do these deeds."""
        self.services.go_on_with(*deeds)
        await self.module.take(self.module.Order(**ORDER))

    async def state(self) -> str:
        """Return the order's state, as customers see it."""
        return str((await self.module.show("a"))["state"])

    async def idle(self) -> None:
        """Wait until no saga is in progress here."""
        async with asyncio.timeout(PATIENCE):
            while self.module.under_way:
                await asyncio.wait(self.module.under_way)
                await asyncio.sleep(0)

    @property
    def calls(self) -> list[str]:
        """Return the path of each call to a service."""
        return [request.url.path for request in self.services.requests]

    @property
    def keys(self) -> list[str]:
        """Return the key of each call to a service."""
        return [request.headers["Idempotency-Key"] for request in self.services.requests]


def imported(monkeypatch: pytest.MonkeyPatch, folder: Path, fix: str, url: str) -> ModuleType:
    services = {f"{name}_URL": url for name in ("INVENTORY", "PAYMENTS", "SHIPPING")}
    return import_patient(monkeypatch, folder, "14", fix, **services)


@pytest.fixture
async def shop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Shop]:
    services = ScriptedService(DONE)
    async with services.serving() as url:
        module = imported(monkeypatch, tmp_path, "by-hand", url)
        async with module.services:
            yield Shop(module, services)


@pytest.fixture
def hurried(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Return a shop that waits a fraction of the seconds for each step."""
    monkeypatch.setattr(shop.module, "STEP_SECONDS", 0.2)
    return shop


@pytest.fixture
async def looking(shop: Shop) -> AsyncIterator[Shop]:
    """Return a shop that looks for sagas left for later."""
    task = asyncio.create_task(shop.module.look())
    yield shop
    task.cancel()
    await asyncio.wait([task])


async def test_an_order_is_shipped_step_by_step(shop: Shop) -> None:
    await shop.order(DONE)
    await shop.idle()
    assert (await shop.state(), shop.calls) == ("shipped", FORWARD)


async def test_a_refused_order_is_undone_in_reverse_and_not_asked_again(shop: Shop) -> None:
    await shop.order(DONE, DONE, REFUSED, DONE)
    await shop.idle()
    assert (await shop.state(), shop.calls) == ("cancelled", FORWARD + BACK)


async def test_an_order_delivered_again_after_its_end_is_not_begun_again(shop: Shop) -> None:
    for _ in range(3):
        await shop.order(DONE)
        await shop.idle()
    assert shop.calls == FORWARD


@pytest.mark.parametrize("deed", [trickle, hang, reset, answering(500), answering(503), answering(404)])
@pytest.mark.parametrize("path", FORWARD + BACK)
async def test_a_failed_step_is_repeated_under_its_key(hurried: Shop, deed: Deed, path: str) -> None:
    async def fail_first(request: Request) -> Response:
        if hurried.calls.count(request.url.path) == 1 and request.url.path == path:
            return await deed(request)
        return await (REFUSED if request.url.path == FORWARD[-1] else DONE)(request)

    await hurried.order(fail_first)
    await hurried.idle()
    assert await hurried.state() == "pending"
    looking = asyncio.create_task(hurried.module.look())
    await until(lambda: hurried.log.sagas["a"]["state"] == "cancelled")
    looking.cancel()
    assert list(dict.fromkeys(hurried.calls)) == FORWARD + BACK
    assert hurried.calls.count(path) > 1
    assert len(set(hurried.keys)) == len(FORWARD + BACK)


async def test_an_answer_without_a_receipt_leaves_the_saga_at_its_step(shop: Shop) -> None:
    await shop.order(DONE, not_json)
    await shop.idle()
    assert (await shop.state(), shop.log.sagas["a"]["step"]) == ("pending", 1)


@pytest.mark.parametrize(("answer", "calls"), [(DONE, 1), (reset, 1)])
async def test_a_holder_whose_saga_was_claimed_by_another_changes_nothing(shop: Shop, answer: Deed, calls: int) -> None:
    async def late(request: Request) -> Response:
        shop.log.claim("a")
        return await answer(request)

    await shop.order(late)
    before = dict(shop.log.sagas["a"])
    await shop.idle()
    assert len(shop.calls) == calls
    assert shop.log.sagas["a"] | {"due": 0} == before | {"due": 0}


async def test_a_holder_that_stood_still_in_the_log_makes_no_further_call(hurried: Shop) -> None:
    hurried.log.slow = {"NOTE"}
    await hurried.order(DONE)
    await hurried.idle()
    assert hurried.calls == FORWARD[:1]
    assert "left" not in hurried.log.sagas["a"]


async def test_a_saga_continues_after_its_request_was_cancelled(looking: Shop) -> None:
    looking.log.slow = {"BEGIN"}
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await looking.order(DONE)
    looking.log.sagas["a"]["left"] = True
    await until(lambda: looking.log.sagas["a"]["state"] == "shipped")


@pytest.mark.parametrize(
    "error", [ConnectionRefusedError(), asyncpg.CannotConnectNowError(), asyncpg.InterfaceError("closed")]
)
async def test_sagas_continue_after_the_database_was_restarted(looking: Shop, error: Exception) -> None:
    looking.log.failing = dict.fromkeys(("CLAIM", "NOTE", "LATER"), error)
    await looking.order(DONE)
    await looking.idle()
    await asyncio.sleep(2 * looking.module.LOOK_SECONDS)
    looking.log.failing = {}
    looking.log.sagas["a"]["left"] = True
    await until(lambda: looking.log.sagas["a"]["state"] == "shipped")


@pytest.fixture
async def workflows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[SimpleNamespace]:
    services = ScriptedService(DONE)
    async with services.serving() as url:
        module = imported(monkeypatch, tmp_path, "dbos", url)
        monkeypatch.setattr(module, "CALL_SECONDS", 0.2)
        async with module.services:
            yield SimpleNamespace(module=module, services=services)


@pytest.fixture
def registry() -> Iterator[None]:
    """Forget the workflows of earlier imports, since the library refuses a name twice."""
    yield
    DBOS.destroy(destroy_registry=True)


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("deed", [trickle, hang, reset, answering(500), answering(503), not_json])
async def test_a_step_of_dbos_is_repeated_until_it_is_answered(workflows: SimpleNamespace, deed: Deed) -> None:
    workflows.services.go_on_with(deed, deed, DONE)
    async with asyncio.timeout(PATIENCE):
        assert await workflows.module.call(workflows.module.COMMANDS[0], ORDER) == {"receipt": "a.b"}
    assert len(workflows.services.requests) == 3


@pytest.mark.usefixtures("registry")
async def test_a_refusal_ends_a_step_of_dbos(workflows: SimpleNamespace) -> None:
    workflows.services.go_on_with(REFUSED, DONE)
    assert await workflows.module.call(workflows.module.COMMANDS[2], ORDER) is None
