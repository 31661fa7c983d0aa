"""The live session of the fake course: edits, errors, and what it does without a system."""

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from outcomes import NUMBERS
from rich.console import Console
from stack import FakeProject, Script, Services, bring_up, serving

from grader.base.errors import LearnerError
from grader.course.course import Course
from grader.engine.containers import Container
from grader.evidence.prometheus import Evidence
from grader.grading.slots import Use, slot
from grader.live import session
from grader.live.edits import Edits
from grader.live.screen import Lines

NOT_TEXT = b"\xff\xfe\xff"


class Told(Lines):
    """A screen on a terminal, which keeps what it is told."""

    waits = True

    def __init__(self) -> None:
        self.told: list[str] = []

    def event(self, line: str) -> None:
        self.told.append(line.partition(" after")[0])

    def trouble(self, text: str) -> None:
        self.told.append(f"trouble: {text.splitlines()[0]}")

    def mended(self) -> None:
        self.told.append("mended")


class Waits(Lines):
    """A screen whose learner gives up as soon as the incident waits."""

    def attend(self) -> None:
        if self.waited_for:
            raise KeyboardInterrupt

    waited_for = ""

    def paused(self, line: str) -> None:
        self.waited_for = line


class LiveProject(FakeProject):
    """A fake project that restarts at once, or has no containers."""

    empty = False

    def containers(self) -> list[Container]:
        return [] if self.empty else super().containers()

    def reload_patients(self, patients: list[Container] | None = None) -> None:
        """Do nothing, because the fake patient serves always."""


@pytest.fixture
def project(course: Course, tmp_path: Path) -> LiveProject:
    lab = course.lab(NUMBERS["passes-good"])
    shutil.copytree(lab.patient, course.work / lab.name)
    project = LiveProject(lab, "fake", tmp_path / "run", {})
    project.prepare()
    return project


@pytest.fixture
def save(course: Course, project: LiveProject) -> Callable[[bytes], int]:
    """Save an edit of the work copy."""
    return (course.work / project.lab.name / "app.py").write_bytes


def test_an_error_in_an_edit_is_shown_until_a_later_edit_is_used(
    course: Course, project: LiveProject, save: Callable[[bytes], int]
) -> None:
    screen = Told()
    edits = Edits(project.lab, course.work / project.lab.name, project, screen)
    edits.mind()
    assert (screen.told, edits.applied) == ([], 0)
    save(NOT_TEXT)
    edits.mind()
    assert "app.py` is not UTF-8 text" in screen.told[-1]
    assert screen.told[-1].endswith("the lab keeps your previous version")
    save(b"# mended\n")
    edits.mind()
    assert (screen.told[-2:], edits.applied) == (["mended", "saved edit is live"], 1)


def test_a_lab_whose_system_cannot_be_started_does_not_play(
    course: Course, project: LiveProject, save: Callable[[bytes], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "bring_up", bring_up)
    save(NOT_TEXT)
    project.empty = True
    screen = Told()
    with pytest.raises(LearnerError):
        session.Session(course, project.lab, project, screen).bring_up()
    project.empty = False
    monkeypatch.setattr(project, "prepare", lambda: None)
    session.Session(course, project.lab, project, screen).bring_up()
    assert "app.py` is not UTF-8 text" in screen.told[0]


def test_a_play_that_waits_says_for_what_in_words_of_its_own(
    course: Course, project: LiveProject, save: Callable[[bytes], int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ER_SLOTS", str(tmp_path / "slots"))
    monkeypatch.setenv("ER_AT_ONCE", "1")
    save(b"# unchanged")
    screen = Waits(Console())
    live = session.Session(course, project.lab, project, screen)
    with slot(Use("lab 07 is being graded", 20), str), pytest.raises(KeyboardInterrupt):
        live.play(forever=False)
    assert screen.waited_for in {f"lab 07 is being graded, about {seconds} s" for seconds in range(1, 21)}


def test_a_lab_that_is_joined_counts_the_harm_of_its_own_play(
    course: Course, project: LiveProject, save: Callable[[bytes], int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class SinceNow(Evidence):
        def value(self, query: str) -> float | None:
            return 2.0 if query == "sum(harmed)" else super().value(query)

    monkeypatch.setenv("ER_SLOTS", str(tmp_path / "slots"))
    monkeypatch.setattr(Evidence, "from_now", lambda self: SinceNow(self._port))
    monkeypatch.setattr(FakeProject, "script", Script({"harmed": 51}))
    save(b"# unchanged")
    with serving(Services(FakeProject.script)) as port:
        monkeypatch.setattr(FakeProject, "port", port)
        live = session.Session(course, project.lab, project, Lines(Console(file=io.StringIO())))
        live.bring_up()
        live.play(forever=False)
    assert live.harm == "2 visitors paid and got nothing"
