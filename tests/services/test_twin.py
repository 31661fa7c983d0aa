from collections.abc import AsyncIterator
from types import ModuleType

import pytest
from serving import Stock, fresh, stocked, until

pytestmark = pytest.mark.anyio


@pytest.fixture
def twin() -> ModuleType:
    return fresh("twin")


@pytest.fixture
async def served(twin: ModuleType) -> AsyncIterator[Stock]:
    async with stocked(twin.service) as stock:
        yield stock


def test_the_canary_counts_its_rounds_cpu_time_and_elapsed_time(twin: ModuleType) -> None:
    done, used, seconds = twin.work()
    assert done > 0
    assert twin.WORK_SECONDS <= used <= seconds


def test_a_slower_cpu_does_fewer_rounds_in_the_same_cpu_time(twin: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    done, _, _ = twin.work()
    monkeypatch.setattr(twin, "ROUND", range(10 * len(twin.ROUND)))
    slowed, used, _ = twin.work()
    assert slowed < done / 2
    assert used >= twin.WORK_SECONDS


async def test_the_canary_counts_by_phase(served: Stock, twin: ModuleType) -> None:
    await until(lambda: ("idle",) in twin.took)
    await served.control.put("/phase", json={"name": "surge"})
    await until(lambda: ("surge",) in twin.took)
    metrics = await served.metrics()
    for phase in ("idle", "surge"):
        worked, took = (metrics[f'canary_{what}_seconds_total{{phase="{phase}"}}'] for what in ("worked", "took"))
        assert twin.WORK_SECONDS <= worked <= took
        assert metrics[f'canary_rounds_total{{phase="{phase}"}}'] > 0


async def test_the_twin_answers_while_its_canary_works(served: Stock) -> None:
    answer = await served.user.get("/")
    assert answer.json() == {"status": "ok"}
