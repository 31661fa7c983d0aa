"""Its reaper or the next command takes down a killed grade."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from own_runs import own_runs, running
from patience import GRADE_SECONDS, UP_SECONDS, eventually, read_until

from grader.course.course import Course
from grader.engine.ownership import Run

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("nothing_left")]

COURSE = Course.here()
ER = str(Course.here().root / "er")


@pytest.fixture
def grade(tmp_path: Path, nothing_left: None) -> Iterator["subprocess.Popen[str]"]:
    """A grade of the starter, in a process of its own."""
    del nothing_left
    command = [ER, "grade", "03", "--submission", str(COURSE.lab("03").patient), "--out", str(tmp_path / "out")]
    with running(*command) as it:
        yield it


def grades() -> list[Run]:
    return [run for run in own_runs() if not run.live]


@pytest.mark.parametrize("stage", ["Grading lab", "healthy after", "surge ("])
def test_the_reaper_takes_down_a_killed_grade(grade: "subprocess.Popen[str]", stage: str, tmp_path: Path) -> None:
    read_until(grade, stage, UP_SECONDS)
    assert eventually(lambda: bool(grades()), 20)
    grade.kill()
    grade.wait(10)
    assert eventually(lambda: not grades() and not list(COURSE.runs.glob("er-*")), 60)
    assert not (tmp_path / "out").exists()


def test_the_next_command_takes_down_a_grade_killed_with_its_reaper(
    grade: "subprocess.Popen[str]",
) -> None:
    read_until(grade, "healthy after", UP_SECONDS)
    children = Path(f"/proc/{grade.pid}/task/{grade.pid}/children").read_text().split()
    reapers = [int(pid) for pid in children if b"grader.engine.reaper" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert len(reapers) == 1
    os.kill(reapers[0], signal.SIGKILL)
    grade.kill()
    grade.wait(10)
    (left,) = grades()
    assert left.containers == 7
    following = subprocess.run([ER, "stop", "03"], capture_output=True, text=True, check=True, timeout=UP_SECONDS)
    assert f"took down `{left.name}`, left by a grade that was killed" in following.stdout
    assert grades() == []


def test_a_living_grade_is_left_alone_by_other_commands(grade: "subprocess.Popen[str]") -> None:
    read_until(grade, "healthy after", UP_SECONDS)
    subprocess.run([ER, "stop", "03"], capture_output=True, check=True, timeout=UP_SECONDS)
    assert [run.containers for run in grades()] == [7]
    assert grade.wait(GRADE_SECONDS) == 1
