import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.base.errors import ErError
from grader.grading.slots import at_once, turn

HOLD = """
import sys
from grader.grading.slots import turn
with turn(lambda: None):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)


@pytest.fixture
def holder(monkeypatch: pytest.MonkeyPatch) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the machine's one turn until its input ends."""
    monkeypatch.setenv("ER_AT_ONCE", "1")
    command = [sys.executable, "-c", HOLD]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_free_turn_is_taken_without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ER_AT_ONCE", "2")
    said: list[str] = []
    with turn(lambda: said.append("waiting")), turn(lambda: said.append("waiting")):
        pass
    assert said == []


def test_who_finds_no_turn_says_so_once_and_gets_it_when_it_is_given_back(holder: "subprocess.Popen[str]") -> None:
    said: list[str] = []
    idle: list[int] = []

    def give_back_at_the_second_look() -> None:
        idle.append(1)
        if len(idle) == 2:
            assert holder.stdin is not None
            holder.stdin.close()

    with turn(lambda: said.append("waiting"), give_back_at_the_second_look):
        assert holder.wait() == 0
    assert said == ["waiting"]
    assert len(idle) >= 2


def test_a_killed_holder_gives_its_turn_back(holder: "subprocess.Popen[str]") -> None:
    with turn(lambda: None, holder.kill):
        assert holder.wait() == -9


@pytest.mark.parametrize("given", ["0", "-1", "two", "", "1.5"])
def test_a_number_of_turns_that_is_none_is_refused(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ER_AT_ONCE", given)
    with pytest.raises(ErError, match="ER_AT_ONCE"):
        at_once()
