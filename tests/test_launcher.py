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


def test_the_launcher_names_the_next_command_before_the_setup(launcher: Path, tmp_path: Path) -> None:
    done = launch(launcher, "list", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "er: not set up yet; next: make setup\n"


def test_the_launcher_passes_arguments_and_the_exit_code_on_from_any_folder(launcher: Path, tmp_path: Path) -> None:
    program = launcher.parent / ".venv" / "bin" / "er"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\nexit 7\n')
    program.chmod(0o755)
    done = launch(launcher, "grade", "03", "--out", "two words", "*", cwd=tmp_path)
    assert (done.returncode, done.stdout.splitlines()) == (7, ["grade", "03", "--out", "two words", "*"])
