"""The orchestrator with a service whose health the test sets."""

from collections.abc import AsyncIterator
from types import ModuleType

import pytest
from serving import Stock, fresh, stocked, until

from kit.service import StockService

pytestmark = pytest.mark.anyio


@pytest.fixture
async def watched() -> AsyncIterator[Stock]:
    service = StockService("portal")

    @service.app.get("/health")
    async def health() -> None:
        service.ledger.record("asked", account="health")

    async with stocked(service) as served:
        yield served


@pytest.fixture
async def module(watched: Stock, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("WATCHES", "portal")
    monkeypatch.setenv("WATCHED_URL", f"http://127.0.0.1:{watched.server.port}")
    module = fresh("orchestrator")
    monkeypatch.setattr(module, "EVERY_SECONDS", 0.02)
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.1)
    return module


@pytest.fixture
async def orchestrator(module: ModuleType) -> AsyncIterator[Stock]:
    async with stocked(module.service) as served:
        yield served


def asked(watched: Stock) -> int:
    return watched.service.ledger.counts["asked", "health", "idle"]


async def condemned(orchestrator: Stock) -> list[str]:
    names: list[str] = (await orchestrator.control.delete("/condemned")).json()
    return names


async def test_a_healthy_service_is_left_alone(orchestrator: Stock, watched: Stock) -> None:
    await until(lambda: asked(watched) >= 10)
    assert await condemned(orchestrator) == []


@pytest.mark.parametrize("kind", ["error", "hang", "reset"])
async def test_three_failures_in_a_row_condemn_a_service_once(
    orchestrator: Stock, watched: Stock, module: ModuleType, kind: str
) -> None:
    await until(lambda: asked(watched) >= 3)
    await watched.inject(kind)
    await until(lambda: bool(module.condemned))
    assert await condemned(orchestrator) == ["portal"]
    assert await condemned(orchestrator) == []
    assert orchestrator.service.ledger.counts == {("restart", "portal", "idle"): 1}


async def test_a_service_that_starts_may_fail_more_often(
    orchestrator: Stock, watched: Stock, module: ModuleType
) -> None:
    await until(lambda: asked(watched) >= 3)
    await watched.inject("error")
    await until(lambda: bool(module.condemned))
    await condemned(orchestrator)
    seen = failures(watched)
    await until(lambda: failures(watched) >= seen + module.FAILURES + 1)
    assert await condemned(orchestrator) == []
    await until(lambda: bool(module.condemned))
    assert failures(watched) - seen >= module.STARTING_LOOKS


def failures(watched: Stock) -> float:
    text = watched.service.telemetry.exposition().decode()
    found = [line for line in text.splitlines() if line.startswith("service_requests_total{") and '"503"' in line]
    return sum(float(line.split()[-1]) for line in found)


async def test_the_list_of_condemned_services_needs_the_secret(orchestrator: Stock) -> None:
    answer = await orchestrator.control.delete("/condemned", headers={"Authorization": "Bearer guess"})
    assert answer.status_code == 401
