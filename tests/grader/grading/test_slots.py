"""Slots are shared by all users of a machine, first come, first served."""

import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from patience import PATIENCE, eventually, read_until

from grader.base.errors import ErError
from grader.course.course import Course
from grader.grading.slots import STARTING_SECONDS, Use, at_once, forecast, slot

GRADE = Use("lab 07 is being graded", 30)

HOLD = """
import sys
from grader.grading.slots import Use, slot
with slot(Use(sys.argv[1], 30), lambda line: print(line, flush=True)):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ER_SLOTS", str(tmp_path / "slots"))
    monkeypatch.setenv("ER_AT_ONCE", "1")
    return tmp_path / "slots"


@contextmanager
def process(says: str) -> Iterator["subprocess.Popen[str]"]:
    """Start a process that holds a slot until its input ends."""
    command = [sys.executable, "-c", HOLD, says]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as started:
        yield started
        started.kill()


@pytest.fixture
def holder() -> Iterator["subprocess.Popen[str]"]:
    with process("lab 03 is live") as started:
        read_until(started, "held\n")
        yield started


def let_go(holder: "subprocess.Popen[str]") -> None:
    assert holder.stdin is not None
    holder.stdin.close()


def test_a_free_slot_is_taken_without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ER_AT_ONCE", "2")
    said: list[str] = []
    with slot(GRADE, said.append), slot(GRADE, said.append):
        pass
    assert said == []


def test_a_waiting_process_says_for_what_and_how_long_and_gets_the_next_slot(holder: "subprocess.Popen[str]") -> None:
    said: list[str] = []
    idle: list[int] = []

    def give_back_at_the_second_look() -> None:
        idle.append(1)
        if len(idle) == 2:
            let_go(holder)

    with slot(GRADE, said.append, give_back_at_the_second_look):
        assert holder.wait(PATIENCE) == 0
    assert said in [[f"waiting: lab 03 is live, about {seconds} s"] for seconds in range(1, 31)]
    assert len(idle) >= 2


def test_slots_go_to_those_that_came_first(holder: "subprocess.Popen[str]", folder: Path) -> None:
    got: list[int] = []

    def wait(number: int) -> None:
        with slot(GRADE, str):
            got.append(number)

    waiting = [threading.Thread(target=wait, args=(number,)) for number in range(5)]
    for number, thread in enumerate(waiting):
        thread.start()
        assert eventually(lambda: len([*folder.glob("queued-*")]) == number + 1)  # noqa: B023 # called at once
    let_go(holder)
    for thread in waiting:
        thread.join(PATIENCE)
    assert got == [0, 1, 2, 3, 4]


def test_the_number_of_those_ahead_is_said_when_it_changes(holder: "subprocess.Popen[str]", folder: Path) -> None:
    with process("lab 05 is being graded") as second:
        assert eventually(lambda: [*folder.glob("queued-*")] != [])
        said: list[str] = []

        def go_on() -> None:
            if len(said) == 1:
                let_go(holder)
            elif len(said) == 2:
                let_go(second)

        with slot(GRADE, said.append, go_on):
            pass
    first, then = said
    assert first.startswith("waiting: 2 others on this machine come first; now lab 03 is live, about ")
    assert then.startswith("waiting: lab 05 is being graded, about ")


@pytest.mark.parametrize("waits", [True, False], ids=["in the queue", "with a slot"])
def test_a_killed_process_frees_its_place(holder: "subprocess.Popen[str]", folder: Path, *, waits: bool) -> None:
    with ExitStack() as stack:
        killed = holder
        if waits:
            killed = stack.enter_context(process("lab 05 is being graded"))
            assert eventually(lambda: [*folder.glob("queued-*")] != [])

        def kill() -> None:
            killed.kill()
            if waits:
                let_go(holder)

        with slot(GRADE, str, kill):
            assert killed.wait(PATIENCE) == -9
    assert not [*folder.glob("queued-*"), *folder.glob("playing-*")]


def test_the_queue_stays_clean_and_is_open_to_other_users(folder: Path) -> None:
    old = os.umask(0o077)
    try:
        with slot(GRADE, str):
            assert folder.stat().st_mode & 0o7777 == 0o1777
            assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o644}
    finally:
        os.umask(old)
    assert [path.name for path in folder.iterdir()] == ["slot-0"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")
def test_other_users_queue_for_the_same_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as top:
        Path(top).chmod(0o755)
        monkeypatch.setenv("ER_SLOTS", f"{top}/slots")
        fork = multiprocessing.get_context("fork")
        said: multiprocessing.Queue[str] = fork.Queue()
        taken = fork.Event()

        def as_another_user() -> None:
            os.setuid(65534)
            taken.wait(PATIENCE)
            with slot(Use("lab 05 is being graded", 30), said.put):
                said.put("held")

        # Forked before the lock, which a fork would share.
        other = fork.Process(target=as_another_user)
        other.start()
        # The holder's files belong to root, and the other user may only read them.
        with slot(GRADE, str):
            taken.set()
            assert said.get(timeout=PATIENCE).startswith("waiting: lab 07 is being graded")
        assert said.get(timeout=PATIENCE) == "held"
        other.join(PATIENCE)
        assert other.exitcode == 0


@pytest.mark.parametrize("spoil", [Path.touch, lambda path: path.symlink_to("/etc")], ids=["a file", "a link"])
def test_a_folder_that_cannot_be_used_is_one_error(folder: Path, spoil: Callable[[Path], None]) -> None:
    spoil(folder)
    with pytest.raises(ErError, match="is not a folder that you can write to"), slot(GRADE, str):
        pass


def test_a_use_takes_as_long_as_the_incident_and_its_start() -> None:
    lab = Course.here().lab("03")
    use = Use.of(lab, "being graded")
    assert use.says == "lab 03 is being graded"
    assert use.left == STARTING_SECONDS + sum(phase.seconds for phase in lab.manifest.phase)
    assert Use("x", 30, began=time.time() - 40).left == 0


@pytest.mark.parametrize("given", ["0", "-1", "two", "", "1.5"])
def test_a_number_of_slots_must_be_a_positive_integer(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ER_AT_ONCE", given)
    with pytest.raises(ErError, match="ER_AT_ONCE"):
        at_once()


@pytest.mark.parametrize(
    ("grades", "limit", "says"),
    [
        (1, 1, "about 30 s"),
        (3, 3, "about 30 s"),
        (4, 3, "about 60 s"),
        (24, 1, "about 12 min"),
        (24, 2, "about 6 min"),
        (300, 1, "about 2.5 h"),
    ],
)
def test_a_forecast_follows_the_labs_seconds_and_the_slots(
    monkeypatch: pytest.MonkeyPatch, grades: int, limit: int, says: str
) -> None:
    monkeypatch.setattr(Use, "of", lambda *_: GRADE)
    assert forecast(Course.here().lab("03"), grades, limit) == says
