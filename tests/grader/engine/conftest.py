import os
from pathlib import Path

import pytest
from fake_engine import Engine


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    client = tmp_path / "bin" / "docker"
    client.parent.mkdir()
    monkeypatch.setenv("PATH", str(client.parent), prepend=os.pathsep)
    return Engine(client)
