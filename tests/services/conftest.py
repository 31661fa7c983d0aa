from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from serving import SECRET, Stock, stocked

from kit.service import StockService


@pytest.fixture(autouse=True)
def secret_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "secret"
    path.write_text(SECRET + "\n")
    monkeypatch.setenv("ER_SECRET_FILE", str(path))
    return path


@pytest.fixture
async def stock() -> AsyncIterator[Stock]:
    service = StockService("bakery", workers=2)

    @service.app.get("/bread/{sort}")
    async def bread(sort: str) -> str:
        async with service.capacity.worker():
            service.ledger.record("bread", account=sort)
        return sort

    @service.app.post("/bread")
    async def order(loaves: dict[str, int]) -> dict[str, int]:
        service.ledger.record("order", account="loaves")
        return loaves

    @service.app.get("/burnt")
    async def burnt() -> None:
        raise ValueError("the oven")

    async with stocked(service) as served:
        yield served
