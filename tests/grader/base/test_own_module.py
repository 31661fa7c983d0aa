import subprocess
from pathlib import Path

import pytest

from grader.base.program import own_module


@pytest.mark.parametrize("module", ["grader", "grader.engine.reaper"])
def test_a_file_in_the_current_folder_is_never_imported(module: str, tmp_path: Path) -> None:
    for name in ("random", "shutil", "grader"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\n")
    done = subprocess.run(
        [*own_module(module), "--help"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert not (tmp_path / "ran").exists()
    assert "No module named" not in done.stderr


def test_a_package_on_the_users_import_path_does_not_replace_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "grader").mkdir()
    (tmp_path / "grader" / "__init__.py").write_text("raise SystemExit(1)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    done = subprocess.run([*own_module("grader"), "--help"], capture_output=True, check=False, timeout=60)
    assert done.returncode == 0
