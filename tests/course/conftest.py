"""The fake course, with a lab for each outcome of a grade."""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from outcomes import NUMBERS, OUTCOMES, Er, Golden
from stack import FakeProject, Script, Services, bring_up, serving

from grader import cli
from grader.course.course import Course, Lab
from grader.engine import provision
from grader.evidence import host_cpu
from grader.grading import attempt, grade, slots
from grader.live import session

HERE = Path(__file__).parent
GOLDEN = HERE.parent / "golden"

OWN = (
    (r"\d+(\.\d+)? s\b", "N s"),
    (r"\d\d:\d\d:\d\d", "TIME"),
    (r"\d{4}-\d\d-\d\dT\d{6}\+0000", "MOMENT"),
    (r"\d{8}-\d{6}", "MOMENT"),
    (r"process \d+", "process N"),
    (r" +\n", "\n"),
)
"""Replacements for the parts of an output that differ from run to run."""


@pytest.fixture
def course(monkeypatch: pytest.MonkeyPatch) -> Iterator[Course]:
    """Make a course with a lab for each outcome.

    Its path has a fixed length, because output is wrapped.
    """
    root = Path(tempfile.mkdtemp(prefix="course-"))
    (root / "labs").mkdir(parents=True)
    shutil.copyfile(Course.here().root / "labs" / "catalog.toml", root / "labs" / "catalog.toml")
    for name, number in NUMBERS.items():
        lab = root / "labs" / f"{number}-{name}"
        (lab / "patient").mkdir(parents=True)
        shutil.copyfile(HERE / "lab.toml", lab / "lab.toml")
        (lab / "patient" / "app.py").write_text('"""The patient."""\n\n# TODO: nothing.\n')
        (lab / "hints.md").write_text("# Hints\n\n## 1\n\nWhere?\n\n## 2\n\nWhy?\n\n## 3\n\nHow?\n")
    monkeypatch.setenv("ER_COURSE", str(root))
    monkeypatch.delenv("ER_WORK", raising=False)
    yield Course.here()
    shutil.rmtree(root)


@pytest.fixture
def er(course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Er:
    """Run `er` on the fake course and normalise its output.

    Its engine is empty.
    """
    engine = tmp_path / "bin" / "docker"
    engine.parent.mkdir()
    engine.write_text("#!/bin/sh\n")
    engine.chmod(0o755)
    monkeypatch.setenv("PATH", str(engine.parent), prepend=os.pathsep)
    monkeypatch.setenv("NO_COLOR", "1")
    # Slots of the test's own: real grades on this machine keep theirs, and no test waits for one.
    monkeypatch.setenv("ER_SLOTS", str(tmp_path / "slots"))
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_ACTIONS", "GITHUB_OUTPUT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr(attempt, "EVIDENCE_SECONDS", 1.0)
    monkeypatch.setattr(attempt, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(slots, "POLL_SECONDS", 0.01)
    # Other tests are other work.
    monkeypatch.setattr(host_cpu, "read_cpu_times", lambda *_: None)
    for module in (grade, session):
        monkeypatch.setattr(module, "bring_up", bring_up)
    monkeypatch.setattr(provision, "set_up", lambda *_: {"ER_PYTHON_IMAGE": "python:fake"})
    monkeypatch.setattr(provision, "set_up_engine", lambda *_: None)
    monkeypatch.setattr("grader.live.start.set_up", lambda *_: {"ER_PYTHON_IMAGE": "python:fake"})

    @contextmanager
    def clean_project(lab: Lab, name: str, run: Path, images: Mapping[str, str]) -> Iterator[FakeProject]:
        script = FakeProject.script
        with serving(Services(script)) as FakeProject.port:
            project = FakeProject(lab, name, run, images)
            project.prepare()
            yield project
        script.attempt += 1

    monkeypatch.setattr(grade, "clean_project", clean_project)

    def run(*words: str) -> tuple[int, str]:
        number = next((word for word in words if word.isdecimal()), "")
        names = {number: name for name, number in NUMBERS.items()}
        FakeProject.script = Script(OUTCOMES.get(names.get(number, ""), {}))
        monkeypatch.setattr(sys, "argv", ["er", *words])
        try:
            cli.main()
            code: object = 0
        except SystemExit as end:
            code = end.code
        printed = capsys.readouterr()
        text = (printed.out + printed.err).replace(str(course.root), "COURSE")
        for pattern, word in OWN:
            text = re.sub(pattern, word, text)
        assert isinstance(code, int)
        return code, text

    return run


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare a command's output and exit code with the recorded ones.

    With `--record`, record them instead.
    """

    def compare(name: str, printed: tuple[int, str]) -> None:
        code, text = printed
        path = GOLDEN / f"{name}.exit{code}.txt"
        if request.config.getoption("--record"):
            for other in GOLDEN.glob(f"{name}.exit*.txt"):
                other.unlink()
            path.write_text(text)
        recorded = sorted(other.name for other in GOLDEN.glob(f"{name}.exit*.txt"))
        assert recorded == [path.name]
        assert path.read_text() == text

    return compare
