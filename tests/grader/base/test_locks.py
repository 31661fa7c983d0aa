"""A lock is held by one process, and ends with it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from patience import PATIENCE, eventually

from grader.base.locks import held, probed, tried

HOLD = """
import sys
from pathlib import Path
from grader.base.locks import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "a.lock"


@pytest.fixture
def holder(path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the lock until its input ends."""
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_free_lock_is_held_without_waiting(path: Path) -> None:
    said: list[str] = []
    with held(path, lambda: said.append("waiting")), tried(path) as taken:
        assert not taken
    with tried(path) as taken:
        assert taken
    assert said == []


def test_a_lock_of_another_process_is_waited_for_until_it_is_killed(
    path: Path, holder: "subprocess.Popen[str]"
) -> None:
    with tried(path) as taken:
        assert not taken
    with held(path, holder.kill):
        assert holder.wait(PATIENCE) == -9


def test_a_process_that_waited_for_a_removed_lock_holds_a_new_one(path: Path, holder: "subprocess.Popen[str]") -> None:
    def remove_and_end() -> None:
        path.unlink()
        holder.kill()

    with held(path, remove_and_end), tried(path) as taken:
        assert path.exists()
        assert not taken


def test_a_probe_creates_no_file(path: Path) -> None:
    with probed(path) as free:
        assert free is None
    assert not path.exists()
    with held(path), probed(path) as free:
        assert free is False
    with probed(path) as free, tried(path) as taken:
        assert (free, taken) == (True, False)


def test_threads_of_one_process_exclude_each_other(path: Path) -> None:
    order: list[str] = []

    def wait_for_it() -> None:
        with held(path, lambda: order.append("waits")):
            order.append("holds")

    thread = Thread(target=wait_for_it)
    with held(path):
        thread.start()
        assert eventually(lambda: order == ["waits"])
        order.append("released")
    thread.join(PATIENCE)
    assert order == ["waits", "released", "holds"]
