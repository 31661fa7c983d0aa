"""The accepted fixes of lab 04 against a scripted reports service: each slot comes back once, however a call ends."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType

import pytest
from patience import PATIENCE
from probing import Deed, ScriptedService, answering, hang, import_patient, reset, trickle
from serving import until
from starlette.responses import Response

from grader.course.course import Course
from grader.course.fixes import accepted

pytestmark = pytest.mark.anyio

FIXES = sorted(accepted(Course.here().lab("04")))
SLOTS, SLOTS_OF_ONE, WAITING = 8, 4, 3
TENANTS = ("modest-1", "modest-2", "greedy")
REPORT = answering(200, {"receipt": "a.b"})

ENDS: dict[str, Deed] = {
    "report": REPORT,
    "500": answering(500),
    "503": answering(503),
    "reset": reset,
    "hang": hang,
    "trickle": trickle,
}


class Portal:
    """Request reports of a fix, whose reports service is scripted."""

    def __init__(self, module: ModuleType, reports: ScriptedService) -> None:
        self.module = module
        self.reports = reports

    def gives_a_call(self, seconds: float) -> None:
        """Set the seconds that the fix waits for a call."""
        vars(self.module)["CALL_SECONDS"] = seconds

    async def ask(self, tenant: str) -> Response:
        """Request a report and return the answer."""
        async with asyncio.timeout(PATIENCE):
            answer: Response = await self.module.report("2026-01", tenant)
        return answer

    def begin(self, tenant: str, count: int) -> list[asyncio.Task[Response]]:
        """Begin to request reports."""
        return [asyncio.create_task(self.ask(tenant)) for _ in range(count)]

    @asynccontextmanager
    async def full(self, *tenants: str) -> AsyncIterator[list[asyncio.Task[Response]]]:
        """Hold each slot of these tenants inside the block."""
        self.gives_a_call(PATIENCE)
        self.reports.go_on_with(hang)
        before = len(self.reports.requests)
        asked = [task for tenant in tenants for task in self.begin(tenant, SLOTS_OF_ONE)]
        try:
            await until(lambda: len(self.reports.requests) == before + len(asked))
            yield asked
        finally:
            await cancel(asked)

    async def is_whole(self) -> bool:
        """Tell whether exactly eight requests get a slot, and four of one tenant."""
        self.gives_a_call(PATIENCE)
        self.reports.go_on_with(hang)
        before = len(self.reports.requests)
        asked = [task for tenant in TENANTS for task in self.begin(tenant, SLOTS_OF_ONE + 1)]
        try:
            # The requests without a slot are answered, the others wait for reports.
            await until(lambda: sum(task.done() for task in asked) == len(asked) - SLOTS)
            tenants = Counter(request.headers["x-tenant"] for request in self.reports.requests[before:])
            return sum(tenants.values()) == SLOTS and max(tenants.values()) == SLOTS_OF_ONE
        finally:
            await cancel(asked)


async def cancel(tasks: list[asyncio.Task[Response]]) -> None:
    """Cancel requests, as a server does whose client has left."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def is_refusal(answer: Response) -> bool:
    """Tell whether an answer is the promised refusal."""
    return answer.status_code == 503 and "retry-after" in answer.headers


@pytest.fixture(params=FIXES)
async def portal(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> AsyncIterator[Portal]:
    reports = ScriptedService(REPORT)
    async with reports.serving() as url:
        module = import_patient(monkeypatch, tmp_path, "04", request.param, REPORTS_URL=url)
        async with module.reports_client, module.quotes_client:
            yield Portal(module, reports)


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
async def test_a_call_gives_its_slots_back_once_however_it_ends(portal: Portal, end: Deed) -> None:
    portal.gives_a_call(0.1)
    portal.reports.go_on_with(end)
    for _ in range(3):
        answers = await asyncio.gather(*(portal.ask(tenant) for tenant in TENANTS for _ in range(SLOTS_OF_ONE)))
        assert {answer.status_code for answer in answers} <= {200, 500, 502, 503}
    assert await portal.is_whole()


async def test_an_answer_that_trickles_ends_with_the_call(portal: Portal) -> None:
    portal.gives_a_call(0.1)
    portal.reports.go_on_with(trickle)
    assert (await portal.ask("greedy")).status_code == 502


async def test_a_call_gives_its_slots_back_when_it_is_cancelled(portal: Portal) -> None:
    async with portal.full("greedy", "modest-1"):
        pass
    assert await portal.is_whole()


@pytest.mark.parametrize("holders", [("greedy",), ("modest-1", "modest-2")], ids=["of its own", "of all"])
async def test_a_request_that_waits_in_vain_is_refused_and_takes_no_slot(
    portal: Portal, holders: tuple[str, ...]
) -> None:
    async with portal.full(*holders):
        assert all(is_refusal(task) for task in await asyncio.gather(*portal.begin("greedy", WAITING)))
    assert await portal.is_whole()


@pytest.mark.parametrize("holders", [("greedy",), ("modest-1", "modest-2")], ids=["of its own", "of all"])
async def test_a_request_that_is_cancelled_while_it_waits_takes_no_slot(
    portal: Portal, holders: tuple[str, ...]
) -> None:
    async with portal.full(*holders):
        waiting = portal.begin("greedy", WAITING)
        await asyncio.sleep(0)
        await cancel(waiting)
    assert await portal.is_whole()


async def test_a_request_cancelled_as_its_slot_is_given_takes_none(portal: Portal) -> None:
    async with portal.full("greedy") as holding:
        waiting = portal.begin("greedy", 1)
        await asyncio.sleep(0)
        await cancel(holding[:1])
        # The slot has been given, and the request may not have run since.
        await cancel(waiting)
    assert await portal.is_whole()


async def test_a_request_that_finds_its_queue_full_is_refused_at_once(portal: Portal) -> None:
    async with portal.full("greedy"):
        waiting = portal.begin("greedy", WAITING)
        await asyncio.sleep(0)
        refused = await portal.ask("greedy")
        assert is_refusal(refused)
        assert not any(task.done() for task in waiting)
        await cancel(waiting)


async def test_nothing_is_kept_of_tenants_without_a_request(portal: Portal) -> None:
    for number in range(100):
        assert (await portal.ask(f"tenant-{number}")).status_code == 200
    # By its private name, because nothing else shows what would grow.
    kept = portal.module.tenants if hasattr(portal.module, "tenants") else portal.module.compartment._shares  # noqa: SLF001
    assert not kept
