import asyncio
from collections.abc import AsyncIterator
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from serving import SECRET, Stock, fresh, stocked, until

from kit.phase import CurrentPhase
from kit.receipts import Receipts

pytestmark = pytest.mark.anyio


@pytest.fixture
def module() -> ModuleType:
    return fresh("reports")


@pytest.fixture
async def reports(module: ModuleType) -> AsyncIterator[Stock]:
    async with stocked(module.service) as served:
        yield served


def asked(reports: Stock, tenant: str, times: int) -> list["asyncio.Task[object]"]:
    return [
        asyncio.create_task(reports.user.get("/reports/2026-01", headers={"X-Tenant": tenant})) for _ in range(times)
    ]


async def test_a_report_carries_a_receipt_for_tenant_and_month(reports: Stock) -> None:
    told = (await reports.user.get("/reports/2026-01", headers={"X-Tenant": "amber"})).json()
    assert Receipts(SECRET).genuine(told["receipt"], "amber", "2026-01")
    assert reports.service.ledger.counts == {("report", "amber", "idle"): 1}


async def test_peaks_are_kept_by_tenant_and_in_total_for_each_phase(reports: Stock) -> None:
    await asyncio.gather(*asked(reports, "amber", 3), *asked(reports, "birch", 2))
    await reports.enter("slow")
    await asyncio.gather(*asked(reports, "birch", 1))
    metrics = await reports.metrics()
    assert {name: value for name, value in metrics.items() if name.startswith("reports_in_flight_peak")} == {
        'reports_in_flight_peak{account="all",phase="idle"}': 5,
        'reports_in_flight_peak{account="amber",phase="idle"}': 3,
        'reports_in_flight_peak{account="birch",phase="idle"}': 2,
        'reports_in_flight_peak{account="all",phase="slow"}': 1,
        'reports_in_flight_peak{account="amber",phase="slow"}': 0,
        'reports_in_flight_peak{account="birch",phase="slow"}': 1,
    }


async def test_a_report_is_dropped_when_its_client_leaves(reports: Stock) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", reports.server.port)
    writer.write(b"GET /reports/2026-01 HTTP/1.1\r\nHost: reports\r\nX-Tenant: amber\r\n\r\n")
    await until(lambda: reports.service.in_flight() == 1)
    writer.close()
    await until(lambda: reports.service.in_flight() == 0)
    assert not await reader.read()
    assert not reports.service.ledger.counts


async def test_reports_in_flight_count_as_the_services_work(reports: Stock) -> None:
    asking = asked(reports, "amber", 4)
    await until(lambda: reports.service.in_flight() == 4)
    assert (await reports.metrics())["work_in_flight"] == 4
    await asyncio.gather(*asking)


@given(st.integers(1, 40), st.integers(1, 40))
def test_more_reports_than_workers_slow_the_total_down(jobs: int, workers: int) -> None:
    module = fresh("reports")
    sharing = module.ProcessorSharing(CurrentPhase())
    with_them = [sharing.started("amber") for _ in range(jobs)]
    held = [job.__enter__() for job in with_them]
    sharing.work(0.01, workers)
    done = sum(module.WORK_SECONDS - job.left for job in held)
    if jobs <= workers:
        assert done == pytest.approx(0.01 * jobs)
    else:
        assert done < 0.01 * workers
    for job in with_them:
        job.__exit__(None, None, None)
    assert sharing.in_flight == 0
