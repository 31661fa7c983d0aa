import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import ModuleType

import httpx2
import pytest
from patience import PATIENCE
from probing import Deed, ScriptedService, answering, hang, import_patient, reset, trickle
from serving import until

from grader.course.course import Course
from grader.course.fixes import accepted

pytestmark = pytest.mark.anyio

FIXES = sorted(accepted(Course.here().lab("06")))
DONE = answering(200, {"receipt": "a.b"})
REFUSED = answering(503)
BAD_REQUEST = answering(422, {"detail": "too long"})
VIEW_SECONDS = 1.0
NOBODY = "http://127.0.0.1:1"


class Balanced:
    """Send jobs through a fix's balancer to four workers that are scripted."""

    def __init__(self, module: ModuleType, file: Path, workers: Sequence[ScriptedService], urls: list[str]) -> None:
        self.module = module
        self.workers = workers
        self.urls = urls
        self._file = file
        self._written = 0
        self.user = httpx2.AsyncClient(transport=httpx2.ASGITransport(module.app), base_url="http://balancer")

    def write_list(self, weights: dict[str, int]) -> None:
        """Write the list of workers, as the registry does."""
        draft = self._file.with_suffix(".new")
        draft.write_text(json.dumps([{"url": url, "weight": weight} for url, weight in weights.items()]))
        self._written += 1
        os.utime(draft, ns=(self._written, self._written))
        draft.replace(self._file)

    async def view(self, count: int = 1) -> set[int]:
        """Request views one after another, and return the statuses of the answers."""
        async with asyncio.timeout(PATIENCE):
            return {(await self.user.get(f"/views/v{number}")).status_code for number in range(count)}

    async def order(self) -> int:
        """Send one order, and return the status of the answer."""
        async with asyncio.timeout(PATIENCE):
            return (await self.user.post("/orders/o1", json={})).status_code

    @property
    def got(self) -> list[int]:
        """Return the number of requests at each worker."""
        return [len(worker.requests) for worker in self.workers]

    def forget(self) -> None:
        """Forget all requests so far."""
        for worker in self.workers:
            worker.requests.clear()


@pytest.fixture(params=FIXES)
async def balanced(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> AsyncIterator[Balanced]:
    workers = [ScriptedService(DONE) for _ in range(4)]
    file = tmp_path / "workers.json"
    async with AsyncExitStack() as stack:
        urls = [await stack.enter_async_context(worker.serving()) for worker in workers]
        module = import_patient(monkeypatch, tmp_path, "06", request.param, WORKERS_FILE=str(file))
        # Longer than on the engine, because a healthy worker must be in time on any machine.
        for limit, value in {"SECONDS": {"GET": VIEW_SECONDS, "POST": 2.0}, "SLOW_SECONDS": VIEW_SECONDS}.items():
            monkeypatch.setattr(module, limit, value, raising=False)
        balanced = Balanced(module, file, workers, urls)
        balanced.write_list(dict.fromkeys(urls, 2))
        async with module.client, balanced.user:
            yield balanced


@pytest.mark.parametrize("failure", [answering(500), answering(502), REFUSED, reset, trickle, hang])
async def test_a_failing_worker_gets_few_jobs_and_costs_no_view(balanced: Balanced, failure: Deed) -> None:
    balanced.workers[0].go_on_with(failure)
    began = time.monotonic()
    assert await balanced.view(60) == {200}
    # Three failures in a row, and one more for each second since.
    assert 1 <= balanced.got[0] <= 4 + time.monotonic() - began


async def test_a_worker_that_refuses_connections_gets_few_jobs_and_costs_no_view(balanced: Balanced) -> None:
    balanced.write_list({NOBODY: 4, balanced.urls[1]: 2})
    assert await balanced.view(40) == {200}
    assert balanced.got[1] == 40


async def test_a_clients_failure_is_passed_on_and_not_blamed_on_the_worker(balanced: Balanced) -> None:
    balanced.workers[0].go_on_with(BAD_REQUEST)
    assert await balanced.view(80) == {200, 422}
    assert sum(balanced.got) == 80
    assert balanced.got[0] >= 8


async def test_a_worker_that_has_recovered_gets_jobs_again(balanced: Balanced) -> None:
    balanced.workers[0].go_on_with(answering(500))
    await balanced.view(40)
    balanced.workers[0].go_on_with(DONE)
    await asyncio.sleep(1.1)
    balanced.forget()
    await balanced.view(40)
    assert balanced.got[0] >= 3


async def test_when_all_workers_fail_each_job_is_sent_twice_and_all_are_used_at_once_afterwards(
    balanced: Balanced,
) -> None:
    for worker in balanced.workers:
        worker.go_on_with(REFUSED)
    assert await balanced.view(40) == {503}
    assert sum(balanced.got) == 80
    for worker in balanced.workers:
        worker.go_on_with(DONE)
    assert await balanced.view(40) == {200}


@pytest.mark.parametrize("failure", [answering(500), reset])
async def test_an_order_that_may_have_been_done_is_not_sent_again(balanced: Balanced, failure: Deed) -> None:
    for worker in balanced.workers:
        worker.go_on_with(failure)
    assert await balanced.order() in {500, 502}
    assert sum(balanced.got) == 1


async def test_an_order_that_was_refused_is_sent_again_once(balanced: Balanced) -> None:
    for worker in balanced.workers:
        worker.go_on_with(REFUSED, DONE)
    balanced.write_list({NOBODY: 1})
    assert await balanced.order() == 502
    balanced.write_list(dict.fromkeys(balanced.urls, 2))
    assert await balanced.order() == 503
    assert sum(balanced.got) == 2


async def test_a_weight_that_changes_is_taken_over(balanced: Balanced) -> None:
    first, second, *_ = balanced.urls
    for weights, favourite in [((9, 1), 0), ((1, 9), 1)]:
        balanced.write_list({first: weights[0], second: weights[1]})
        balanced.forget()
        await balanced.view(40)
        assert balanced.got[favourite] >= 30


async def test_a_worker_that_has_left_the_list_gets_no_jobs_and_begins_afresh_when_it_returns(
    balanced: Balanced,
) -> None:
    everyone = dict.fromkeys(balanced.urls, 2)
    balanced.workers[0].go_on_with(answering(500))
    await balanced.view(40)
    balanced.write_list({url: weight for url, weight in everyone.items() if url != balanced.urls[0]})
    balanced.workers[0].go_on_with(DONE)
    balanced.forget()
    await balanced.view(40)
    assert balanced.got[0] == 0
    balanced.write_list(everyone)
    await balanced.view(40)
    assert balanced.got[0] >= 3


async def test_the_list_is_read_only_when_it_has_changed(balanced: Balanced, monkeypatch: pytest.MonkeyPatch) -> None:
    await balanced.view()

    def refuse(*_: object, **__: object) -> str:
        raise AssertionError("the list has not changed")

    monkeypatch.setattr(Path, "read_text", refuse)
    assert await balanced.view(5) == {200}


@pytest.mark.parametrize("stall", [hang, trickle])
async def test_a_view_that_is_cancelled_gives_its_slot_back(balanced: Balanced, stall: Deed) -> None:
    balanced.workers[0].go_on_with(stall)
    balanced.write_list({balanced.urls[0]: 2})
    views = [asyncio.create_task(balanced.view()) for _ in range(20)]
    await until(lambda: balanced.got[0] == 20)
    for view in views:
        view.cancel()
    assert all(isinstance(end, asyncio.CancelledError) for end in await asyncio.gather(*views, return_exceptions=True))
    # Two workers with nothing to do share what comes, and at once.
    balanced.workers[0].go_on_with(DONE)
    balanced.write_list(dict.fromkeys(balanced.urls[:2], 2))
    balanced.forget()
    assert await balanced.view(40) == {200}
    assert balanced.got[0] >= 8
