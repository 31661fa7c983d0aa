import asyncio

import httpx2
import pytest
from serving import Stock, client, serving, stocked, until

from kit import create_app
from kit.service import StockService
from kit.telemetry import CONTENT_TYPE

pytestmark = pytest.mark.anyio


async def test_done_work_is_in_the_ledger_by_entry_account_and_phase(stock: Stock) -> None:
    await stock.enter("surge")
    for sort in ("rye", "rye", "wheat"):
        await stock.user.get(f"/bread/{sort}")
    metrics = await stock.metrics()
    assert metrics['ledger_entries_total{account="rye",entry="bread",phase="surge"}'] == 2
    assert metrics['ledger_entries_total{account="wheat",entry="bread",phase="surge"}'] == 1


async def test_work_belongs_to_the_phase_in_which_it_arrived(stock: Stock) -> None:
    await stock.enter("surge")
    await stock.inject("hang")
    request = asyncio.create_task(stock.user.get("/bread/rye"))
    await until(lambda: len(stock.server.server_state.tasks) == 1)
    await stock.enter("recovery")
    await stock.heal()
    await request
    metrics = await stock.metrics()
    assert metrics['ledger_entries_total{account="rye",entry="bread",phase="surge"}'] == 1
    assert metrics['service_requests_total{phase="surge",status="200"}'] == 1
    assert 'service_requests_total{phase="recovery",status="200"}' not in metrics


async def test_every_request_is_counted_once_with_its_outcome(stock: Stock) -> None:
    await stock.user.get("/bread/rye")
    await stock.user.get("/nothing")
    await stock.user.get("/burnt")
    await stock.inject("error")
    await stock.user.get("/bread/rye")
    await stock.heal()
    await stock.inject("reset")
    with pytest.raises(httpx2.ReadError):
        await stock.user.get("/bread/rye")
    await until(lambda: not stock.server.server_state.tasks)
    counts = {series: value for series, value in (await stock.metrics()).items() if "service_requests" in series}
    assert counts == {
        f'service_requests_total{{phase="idle",status="{status}"}}': 1 for status in (200, 404, 500, 503, "none")
    }


async def test_health_checks_are_not_counted_as_requests(stock: Stock) -> None:
    await stock.user.get("/healthz")
    metrics = await stock.metrics()
    assert not [series for series in metrics if series.startswith(("service_requests", "http_server_request_"))]


async def test_only_the_current_phase_is_current(stock: Stock) -> None:
    for phase in ("steady", "surge"):
        await stock.enter(phase)
        phases = {series: value for series, value in (await stock.metrics()).items() if "phase_current" in series}
        assert phases == {f'phase_current{{phase="{phase}"}}': 1}


async def test_queue_workers_and_peak_are_shown(stock: Stock) -> None:
    release = asyncio.Event()

    async def work() -> None:
        async with stock.service.capacity.worker():
            await release.wait()

    working = [asyncio.create_task(work()) for _ in range(5)]
    await until(lambda: stock.service.capacity.in_flight == 5)
    metrics = await stock.metrics()
    release.set()
    await asyncio.gather(*working)
    assert metrics["work_in_flight"] == 5
    assert metrics["work_queued"] == 3
    assert metrics["work_capacity"] == 2
    metrics = await stock.metrics()
    assert metrics["work_in_flight"] == 0
    assert metrics['work_in_flight_peak{phase="idle"}'] == 5


async def test_no_account_is_merged_with_others_even_among_thousands(stock: Stock) -> None:
    for number in range(3000):
        stock.service.ledger.record("bread", account=f"account-{number}")
    metrics = await stock.metrics()
    assert sum(series.startswith("ledger_entries_total") for series in metrics) == 3000


async def test_an_account_may_have_any_name(stock: Stock) -> None:
    stock.service.ledger.record("bread", account='a"b\\c\nd é')
    assert 'ledger_entries_total{account="a\\"b\\\\c\\nd é",entry="bread",phase="idle"}' in await stock.metrics()


async def test_durations_are_measured_by_route_and_status(stock: Stock) -> None:
    await stock.user.get("/bread/rye")
    await stock.inject("error")
    await stock.user.get("/bread/rye")
    counts = [series for series in await stock.metrics() if series.startswith("http_server_request_duration_seconds_c")]
    assert len(counts) == 2
    assert 'http_response_status_code="200",http_route="/bread/{sort}"' in counts[0]
    assert 'http_response_status_code="503"' in counts[1]


async def test_two_services_in_one_process_do_not_share_metrics(stock: Stock) -> None:
    app = create_app()
    await stock.user.get("/bread/rye")
    async with serving(app) as (server,), client(server) as user:
        assert "/bread" not in (await user.get("/metrics")).text


async def test_a_patients_app_serves_health_and_metrics_but_no_docs() -> None:
    app = create_app()

    @app.get("/hello")
    async def hello() -> str:
        return "hello"

    async with serving(app) as (server,), client(server) as user:
        assert (await user.get("/healthz")).json() == {"status": "ok"}
        await user.get("/hello")
        metrics = await user.get("/metrics")
        assert metrics.headers["content-type"] == CONTENT_TYPE
        assert 'http_server_request_duration_seconds_count{http_request_method="GET"' in metrics.text
        assert [(await user.get(path)).status_code for path in ("/docs", "/redoc", "/openapi.json")] == [404] * 3


async def test_answers_carry_no_server_header(stock: Stock) -> None:
    answer = await stock.user.get("/bread/rye")
    assert set(answer.headers) == {"content-length", "content-type"}


async def test_a_service_without_workers_exports_no_metric_of_work() -> None:
    async with stocked(StockService("doorman")) as served:
        metrics = await served.metrics()
    assert metrics
    assert not any(name.startswith("work_") for name in metrics)
