"""A worker with a real registry."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from serving import SECRET, Stock, fresh, stocked, until

from kit.receipts import Receipts

pytestmark = pytest.mark.anyio


@pytest.fixture
def workers_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKERS", "one=4 two=2 three=4")
    monkeypatch.setenv("LISTED", "2")
    monkeypatch.setenv("WORKERS_FILE", str(tmp_path / "workers.json"))
    return tmp_path / "workers.json"


@pytest.fixture
async def registry(workers_file: Path) -> AsyncIterator[Stock]:
    async with stocked(fresh("registry").service) as served:
        assert listed(workers_file), "the list is there before the service is"
        yield served


@pytest.fixture
async def worker(registry: Stock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stock]:
    monkeypatch.setenv("NAME", "one")
    monkeypatch.setenv("SLOTS", "2")
    monkeypatch.setenv("REGISTRY_URL", f"http://127.0.0.1:{registry.server.port}")
    async with stocked(fresh("worker").service) as served:
        yield served


def listed(workers_file: Path) -> dict[str, int]:
    return {worker["url"]: worker["weight"] for worker in json.loads(workers_file.read_text())}


def ledger(stock: Stock) -> dict[str, int]:
    return {entry: count for (entry, *_), count in stock.service.ledger.counts.items()}


async def test_the_list_of_workers_follows_the_registrys_capacity(registry: Stock, workers_file: Path) -> None:
    at_first = {"http://one:8000": 4, "http://two:8000": 2}
    assert listed(workers_file) == at_first
    await registry.inject("capacity", factor=1.5)
    await until(lambda: listed(workers_file) == {**at_first, "http://three:8000": 4})
    await registry.heal()
    await until(lambda: listed(workers_file) == at_first)


async def test_a_job_that_is_done_carries_a_receipt_of_its_kind_and_worker(worker: Stock) -> None:
    view = (await worker.user.get("/views/a")).json()
    order = await worker.user.post("/orders/b")
    assert order.status_code == 201
    receipts = Receipts(SECRET)
    assert receipts.genuine(view["receipt"], "view", "a", "one")
    assert receipts.genuine(order.json()["receipt"], "order", "b", "one")
    assert {view["worker"], order.json()["worker"]} == {"one"}
    assert ledger(worker) == {"view": 1, "order": 1}


async def test_a_worker_does_at_most_as_many_jobs_as_slots(worker: Stock) -> None:
    await asyncio.gather(*(worker.user.get(f"/views/{number}") for number in range(6)))
    assert worker.service.capacity.peak_by_phase == {"idle": 6}


async def test_an_order_done_twice_is_in_the_registrys_ledger(worker: Stock, registry: Stock) -> None:
    for job in ("a", "b", "a"):
        await worker.user.post(f"/orders/{job}")
    await worker.user.get("/views/a")
    assert ledger(registry) == {"order": 2, "order-again": 1}


async def test_a_worker_that_fails_at_once_still_answers_as_healthy(worker: Stock) -> None:
    await worker.inject("error", scope="/views")
    assert (await worker.user.get("/views/a")).status_code == 503
    assert (await worker.user.get("/health")).status_code == 200


async def test_a_third_attempt_at_a_job_is_in_the_registrys_ledger(worker: Stock, registry: Stock) -> None:
    await worker.inject("error", scope="/views")
    for path in ("/views/a", "/views/a", "/views/b", "/views/a", "/views/c", "/orders/c"):
        await worker.user.request("GET" if "views" in path else "POST", path)
    await worker.user.get("/health")
    await until(lambda: "attempt-too-many" in ledger(registry))
    assert ledger(registry) == {"order": 1, "attempt-too-many": 1}


async def test_a_bad_request_is_told_so_at_once(worker: Stock) -> None:
    assert (await worker.user.get(f"/views/{'x' * 65}")).status_code == 422
    assert not ledger(worker)
