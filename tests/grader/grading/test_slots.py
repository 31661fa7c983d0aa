import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from patience import PATIENCE, read_until

from grader.base.errors import ErError
from grader.grading.slots import WAITING, at_once, slot

HOLD = """
import sys
from grader.grading.slots import slot
with slot(print):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)


@pytest.fixture
def holder(monkeypatch: pytest.MonkeyPatch) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the machine's one slot until its input ends."""
    monkeypatch.setenv("ER_AT_ONCE", "1")
    command = [sys.executable, "-c", HOLD]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        read_until(process, "held\n")
        yield process
        process.kill()


def test_a_free_slot_is_taken_without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ER_AT_ONCE", "2")
    said: list[str] = []
    with slot(said.append), slot(said.append):
        pass
    assert said == []


def test_a_waiting_process_says_so_once_and_gets_the_next_slot(holder: "subprocess.Popen[str]") -> None:
    said: list[str] = []
    idle: list[int] = []

    def give_back_at_the_second_look() -> None:
        idle.append(1)
        if len(idle) == 2:
            assert holder.stdin is not None
            holder.stdin.close()

    with slot(said.append, give_back_at_the_second_look):
        assert holder.wait(PATIENCE) == 0
    assert said == [WAITING]
    assert len(idle) >= 2


def test_a_killed_process_frees_its_slot(holder: "subprocess.Popen[str]") -> None:
    with slot(print, holder.kill):
        assert holder.wait(PATIENCE) == -9


@pytest.mark.parametrize("given", ["0", "-1", "two", "", "1.5"])
def test_a_number_of_slots_must_be_a_positive_integer(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ER_AT_ONCE", given)
    with pytest.raises(ErError, match="ER_AT_ONCE"):
        at_once()
