import os
import shutil
import subprocess
from pathlib import Path

import pytest

from grader.course.course import Course

LAUNCHER = Course.here().root / "er"


@pytest.fixture
def launcher(tmp_path: Path) -> Path:
    folder = tmp_path / "a course"
    folder.mkdir()
    return Path(shutil.copy(LAUNCHER, folder))


def launch(launcher: Path, *arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([launcher, *arguments], cwd=cwd, capture_output=True, text=True, check=False, timeout=30)


def set_up(launcher: Path, made_for: Path) -> None:
    """Give the launcher's checkout a fake Python, which prints its arguments, and the mark of an environment."""
    python = launcher.parent / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\nexit 7\n')
    python.chmod(0o755)
    (launcher.parent / ".venv" / ".ready").write_text(f"{made_for}\n")


def test_the_launcher_names_the_next_command_before_the_setup(launcher: Path, tmp_path: Path) -> None:
    done = launch(launcher, "list", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"er: not set up yet; next: make -C '{launcher.parent}' setup\n"


def test_the_launcher_passes_arguments_and_the_exit_code_on_from_any_folder(launcher: Path, tmp_path: Path) -> None:
    set_up(launcher, launcher.parent)
    done = launch(launcher, "grade", "03", "--out", "two words", "*", cwd=tmp_path)
    assert done.returncode == 7
    assert done.stdout.splitlines() == ["-I", "-m", "grader", "grade", "03", "--out", "two words", "*"]


def test_the_launcher_does_not_use_the_environment_of_another_checkout(launcher: Path, tmp_path: Path) -> None:
    set_up(launcher, tmp_path / "the original")
    done = launch(launcher, "reset", "03", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "not set up yet" in done.stderr


def test_a_package_of_our_name_on_the_users_path_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "grader.py").write_text("raise SystemExit(1)")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONSAFEPATH": ""}
    done = subprocess.run([LAUNCHER, "--help"], cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert done.returncode == 0
