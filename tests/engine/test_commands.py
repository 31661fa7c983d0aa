"""Commands of learners: `er` in its own process, on the real engine."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pexpect
import pytest
from own_runs import own_runs, running
from patience import GRADE_SECONDS, UP_SECONDS, eventually, read_until

from grader.course.course import Course
from grader.engine.docker import docker
from grader.engine.ownership import live_lab

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("nothing_left")]

COURSE = Course.here()
LAB = COURSE.lab("03")
ER = str(Course.here().root / "er")
ACCEPTED = LAB.path / "fixes" / "accepted" / "token-bucket-lua" / "gateway.py"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return tmp_path / "work"


@pytest.fixture
def copy(work: Path) -> Path:
    """A work copy of lab 03, as its first start makes it."""
    path = work / LAB.name / "gateway.py"
    path.parent.mkdir(parents=True)
    shutil.copyfile(LAB.patient / "gateway.py", path)
    return path


@pytest.fixture
def stopped(work: Path, nothing_left: None) -> Iterator[None]:
    """Take the live lab down after a test.

    This happens before the look for left-overs.
    """
    del nothing_left
    yield
    er(work, "stop", "03")


def environment(work: Path) -> dict[str, str]:
    return {**os.environ, "ER_WORK": str(work), "NO_COLOR": "1"}


def er(work: Path, *args: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [ER, *args],
        env=environment(work),
        cwd=COURSE.root,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=GRADE_SECONDS,
    )


def begun(work: Path, *args: str) -> AbstractContextManager[subprocess.Popen[str]]:
    return running(ER, *args, env=environment(work), stderr=subprocess.PIPE)


def live_containers() -> list[str]:
    return docker("ps", "--quiet", "--filter", f"label=er.live={live_lab(COURSE.root, LAB.number)}").split()


@pytest.mark.usefixtures("stopped")
def test_a_start_without_a_terminal_plays_once_and_leaves_the_lab_up(work: Path) -> None:
    first = er(work, "start", "03")
    assert first.returncode == 0, first.stdout + first.stderr
    assert re.search(r"^Can't scale: polite tenants served \d+%, p95 \d+\.\d s$", first.stdout, re.MULTILINE)
    for command in ("make lab-03", "make grade-03", "./er hint 03", "./er stop 03"):
        assert command in first.stdout
    assert "\x1b[" not in first.stdout
    assert (work / LAB.name / "gateway.py").read_bytes() == (LAB.patient / "gateway.py").read_bytes()
    up = live_containers()
    assert len(up) == 7

    menu = er(work, "break", "03")
    assert "./er break 03 quotes capacity factor=" in menu.stdout
    broken = er(work, "break", "03", "quotes", "capacity", "factor=2", "--for", "60s")
    assert broken.returncode == 0, broken.stderr
    assert "factor=2.0" in broken.stdout
    assert "# active on quotes now: capacity" in er(work, "break", "03").stdout
    assert er(work, "break", "03", "redis", "pause").stdout == "`pause` is active on `redis`; to end it: ./er heal 03\n"
    assert er(work, "heal", "03").stdout == "ended 2 faults\n"
    unknown = er(work, "break", "03", "payments", "hang")
    assert (unknown.returncode, unknown.stderr.splitlines()[0]) == (
        2,
        "er: lab 03 has no service `payments` to break; it has `quotes`, `redis`",
    )
    assert er(work, "break", "03", "quotes", "slow", "secnds=3").returncode == 2

    with begun(work, "start", "03") as again:
        read_until(again, "surge", UP_SECONDS)
        assert live_containers() == up
        again.send_signal(signal.SIGINT)
        _, errors = again.communicate(timeout=UP_SECONDS)
    assert (again.returncode, "interrupted" in errors) == (2, True)
    assert live_containers() == []


def test_a_start_on_a_terminal_shows_the_symptom_and_applies_saved_edits(work: Path, copy: Path) -> None:
    lab = pexpect.spawn(
        ER, ["start", "03"], env=environment(work), cwd=str(COURSE.root), timeout=UP_SECONDS, dimensions=(40, 120)
    )
    lab.expect("Can't scale: polite tenants served")
    copy.write_text(copy.read_text() + "def broken(:\n")
    lab.expect("SyntaxError")
    shutil.copyfile(ACCEPTED, copy)
    lab.expect("saved edit is live after")
    lab.expect("no symptom")
    second = er(work, "start", "03")
    assert second.returncode == 2
    assert f"lab 03 is live already, in process {lab.pid}" in second.stderr
    lab.sendintr()
    lab.expect("Lab 03 is down")
    lab.expect(pexpect.EOF)
    lab.close()
    assert lab.exitstatus == 0


@pytest.mark.usefixtures("copy")
def test_a_grade_of_the_starter_fails_with_the_next_command(work: Path, tmp_path: Path) -> None:
    failed = er(work, "grade", "03", "--out", str(tmp_path / "out"))
    assert failed.returncode == 1, failed.stdout + failed.stderr
    assert "polite-tenants-served" in failed.stdout
    assert "In each surge, at least 80 % of the polite tenants'" in failed.stdout
    assert "next: ./er hint 03" in failed.stdout
    assert (tmp_path / "out" / "results.json").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("def broken(:\n", "SyntaxError: invalid syntax"),
        ("import not_there\n", "ModuleNotFoundError: No module named 'not_there'"),
        ("app = None\n", "gateway-1"),
        ("", "is empty"),
    ],
    ids=["syntax-error", "import-error", "no-app", "empty"],
)
def test_code_that_does_not_start_fails_a_grade_with_its_traceback(
    work: Path, copy: Path, content: str, said: str
) -> None:
    copy.write_text(content)
    done = er(work, "grade", "03")
    assert done.returncode == 1, done.stdout + done.stderr
    assert said in done.stdout
    assert "importlib" not in done.stdout


def test_code_that_hangs_at_start_fails_a_grade(work: Path, copy: Path) -> None:
    copy.write_text("import time\n\ntime.sleep(3600)\n")
    done = er(work, "grade", "03")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "does not answer `GET /healthz`" in done.stdout


def test_code_that_ends_in_the_incident_fails_a_grade_and_is_named(work: Path, copy: Path) -> None:
    copy.write_text(copy.read_text() + "\nimport os, threading\nthreading.Timer(6, os._exit, [7]).start()\n")
    done = er(work, "grade", "03")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "ended with exit code 7" in done.stdout


def test_a_grade_without_a_work_copy_says_how_to_make_one(work: Path) -> None:
    done = er(work, "grade", "03")
    assert done.returncode == 2
    assert "make lab-03" in done.stderr


@pytest.mark.parametrize(
    ("stage", "number"),
    [
        ("Grading lab", signal.SIGINT),
        ("Grading lab", signal.SIGTERM),
        ("healthy after", signal.SIGINT),
        ("surge (", signal.SIGTERM),
    ],
)
@pytest.mark.usefixtures("copy")
def test_an_interrupted_grade_leaves_nothing_behind(work: Path, stage: str, number: signal.Signals) -> None:
    with begun(work, "grade", "03") as grade:
        read_until(grade, stage, UP_SECONDS)
        if stage == "Grading lab":
            assert eventually(lambda: bool(own_runs()))
        grade.send_signal(number)
        _, errors = grade.communicate(timeout=UP_SECONDS)
    assert grade.returncode == 2
    assert "interrupted" in errors
