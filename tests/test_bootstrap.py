"""The environment from the lock file, light for learners, whole for developers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader.course.course import Course

ROOT = Course.here().root
UV = """#!/bin/sh
echo "$@" >> "$UV_PROJECT_ENVIRONMENT.calls"
env > "$UV_PROJECT_ENVIRONMENT.env"
[ ! -e "$UV_PROJECT_ENVIRONMENT.fails" ] || { echo "no such host"; exit 1; }
mkdir -p "$UV_PROJECT_ENVIRONMENT/bin"
ln -sf "$(command -v python3)" "$UV_PROJECT_ENVIRONMENT/bin/python"
"""


class Checkout:
    """A checkout with only the inputs of its environment.

    A fake `uv` on the PATH notes its calls.
    """

    def __init__(self, folder: Path) -> None:
        self.root, self.venv = folder / "course", folder / "course" / ".venv"
        for name in ("pyproject.toml", "uv.lock", "compose/bootstrap.py"):
            copy = self.root / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes((ROOT / name).read_bytes())
        uv = folder / "bin" / "uv"
        uv.parent.mkdir()
        uv.write_text(UV)
        uv.chmod(0o755)
        self._path = f"{uv.parent}{os.pathsep}{os.environ['PATH']}"

    def bootstrap(self, *options: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, str(self.root / "compose" / "bootstrap.py"), *options]
        environment = {**os.environ, "PATH": self._path, **variables}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)

    def calls(self) -> list[str]:
        log = self.root / ".venv.calls"
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_a_learner_gets_the_runtime_packages_alone(checkout: Checkout) -> None:
    assert checkout.bootstrap().returncode == 0
    assert len(checkout.calls()) == 1
    assert "--no-dev" in checkout.calls()[0]


def test_a_developer_gets_all_packages(checkout: Checkout) -> None:
    assert checkout.bootstrap("--dev").returncode == 0
    assert "--no-dev" not in checkout.calls()[0]


def test_an_environment_that_is_up_to_date_is_left_alone(checkout: Checkout) -> None:
    checkout.bootstrap("--dev")
    assert [checkout.bootstrap(*options).stdout for options in ((), ("--dev",), ("--engine",))] == ["", "", ""]
    assert len(checkout.calls()) == 1


def test_developer_packages_are_added_to_a_learners_environment(checkout: Checkout) -> None:
    checkout.bootstrap()
    checkout.bootstrap("--dev")
    assert len(checkout.calls()) == 2
    assert all("--inexact" in call for call in checkout.calls())


def test_a_changed_lock_file_updates_the_environment(checkout: Checkout) -> None:
    checkout.bootstrap()
    lock = checkout.root / "uv.lock"
    os.utime(lock, (lock.stat().st_atime, (checkout.venv / ".ready").stat().st_mtime + 10))
    checkout.bootstrap()
    assert len(checkout.calls()) == 2


def test_an_environment_whose_python_is_gone_is_made_again(checkout: Checkout) -> None:
    (checkout.venv / "bin").mkdir(parents=True)
    (checkout.venv / "bin" / "python").symlink_to("/no/such/python")
    (checkout.venv / "left").touch()
    assert checkout.bootstrap().returncode == 0
    assert not (checkout.venv / "left").exists()


def test_an_unreachable_package_index_is_one_message_with_the_next_command(checkout: Checkout) -> None:
    (checkout.root / ".venv.fails").touch()
    done = checkout.bootstrap()
    assert done.returncode == 2
    assert done.stderr == "`uv sync` failed:\nno such host\n\n  next: make setup, when the package index answers\n"


def test_a_copied_checkout_makes_an_environment_of_its_own(checkout: Checkout) -> None:
    checkout.bootstrap()
    (checkout.venv / ".ready").write_text("/the/original\n")
    (checkout.venv / "left").touch()
    assert checkout.bootstrap().returncode == 0
    assert len(checkout.calls()) == 2
    assert not (checkout.venv / "left").exists()
    assert (checkout.venv / ".ready").read_text() == f"{checkout.root}\n"


@pytest.mark.parametrize("gone", ["bin/python", ".ready"])
def test_an_environment_that_lost_a_part_is_made_again_at_the_next_command(checkout: Checkout, gone: str) -> None:
    checkout.bootstrap()
    (checkout.venv / gone).unlink()
    assert checkout.bootstrap().returncode == 0
    assert len(checkout.calls()) == 2


def test_settings_of_python_pip_and_uv_do_not_reach_uv_except_those_of_the_index(checkout: Checkout) -> None:
    foreign = {"PYTHONPATH": "/p", "PIP_TARGET": "/t", "PIP_USER": "1", "UV_PYTHON": "3.9", "VIRTUAL_ENV": "/v"}
    index = {"PIP_INDEX_URL": "https://a/simple", "UV_DEFAULT_INDEX": "https://b/simple", "PIP_CERT": "/ca"}
    assert checkout.bootstrap(**foreign, **index).returncode == 0
    seen = dict(line.partition("=")[::2] for line in (checkout.root / ".venv.env").read_text().splitlines())
    assert index.items() <= seen.items()
    assert foreign.keys() & seen.keys() == {"PIP_USER"}
    assert seen["PIP_USER"] == "0"
