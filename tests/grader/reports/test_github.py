"""Annotations and outputs for GitHub Actions, which hostile text can neither end nor add to."""

from pathlib import Path

import pytest
from results import HOSTILE, check, failed, inconclusive, passed

from grader.course.course import Course
from grader.evidence.checks import State
from grader.grading.results import Results
from grader.reports.github import annotations, append_outputs

LAB = Course.here().lab("03")
TRACEBACK = """`gateway-1` ended with exit code 1:
│ Traceback (most recent call last):
│   File "work/03-rate-limiting/gateway.py", line 3, in <module>
│     import limiter
│   File "work/03-rate-limiting/gateway.py", line 12, in limit
│   File "/opt/venv/lib/x.py", line 99
│ ValueError: 100% wrong, not: right
"""


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    source = tmp_path / "a, b" / "03-rate-limiting"
    source.mkdir(parents=True)
    (source / "gateway.py").touch()
    return source


def without_checks(cause: str) -> Results:
    return failed(cause).model_copy(update={"checks": []})


def test_a_traceback_is_annotated_at_its_last_line_in_the_learners_file(source: Path) -> None:
    (annotation,) = annotations(LAB, source, without_checks(TRACEBACK))
    assert annotation == (
        "::error file=a%2C b/03-rate-limiting/gateway.py,line=12,title=Pattern ER 03-rate-limiting%3A failed"
        "::`gateway-1` ended with exit code 1: ValueError: 100%25 wrong, not: right"
    )


def test_each_failed_check_is_annotated_with_its_claim(source: Path) -> None:
    results = failed().model_copy(update={"checks": [check("a", State.FAILS), check("b", State.HOLDS)]})
    assert annotations(LAB, source, results) == ["::error title=Pattern ER 03-rate-limiting%3A failed%2C a::a is said."]


def test_a_grade_without_a_verdict_is_a_warning_and_a_pass_nothing(source: Path) -> None:
    assert annotations(LAB, source, inconclusive()) == [
        "::warning title=Pattern ER 03-rate-limiting%3A inconclusive::this machine was too busy"
    ]
    assert annotations(LAB, source, passed()) == []


def test_nothing_is_annotated_outside_of_github(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS")
    assert annotations(LAB, source, failed("why")) == []


@pytest.mark.parametrize(
    "frame",
    [
        'File "work/03-rate-limiting/../../secret", line 1',
        'File "work/03-rate-limiting/other.py", line 1',
        'File "work/14-saga/gateway.py", line 1',
        'File "/etc/passwd", line 1',
        'File "work/03-rate-limiting/gateway.py,line=1", line 1',
        'File "work/03-rate-limiting/gateway.py", line 99999999999999',
    ],
)
def test_a_place_that_a_patient_invents_is_not_annotated(source: Path, frame: str) -> None:
    (annotation,) = annotations(LAB, source, without_checks(f"it said:\n│   {frame}\n│ x"))
    assert annotation == "::error title=Pattern ER 03-rate-limiting%3A failed::it said: x"


def test_a_file_outside_of_the_workspace_is_not_named(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path / "elsewhere"))
    (annotation,) = annotations(LAB, source, without_checks(TRACEBACK))
    assert annotation.startswith("::error title=")


def test_hostile_text_stays_within_its_one_line(source: Path) -> None:
    for text in annotations(LAB, source, failed(HOSTILE + "\n" + HOSTILE)):
        assert len(text.splitlines()) == 1
        assert text.startswith("::error ")
        assert not set(text) & set("\x00\x07\x0b\x1b\u202e\ufffe")


@pytest.mark.parametrize(
    ("results", "outputs"),
    [
        (passed(), "passed=true\nlevel=Elite\nscore=100\n"),
        (failed(HOSTILE), "passed=false\nlevel=\nscore=0\n"),
        (inconclusive(), "passed=false\nlevel=\nscore=\n"),
    ],
    ids=["passed", "failed", "inconclusive"],
)
def test_the_outputs_hold_verdict_level_and_score_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, results: Results, outputs: str
) -> None:
    path = tmp_path / "outputs"
    path.write_text("before=1\n")
    monkeypatch.setenv("GITHUB_OUTPUT", str(path))
    append_outputs(results)
    assert path.read_text() == "before=1\n" + outputs
    monkeypatch.delenv("GITHUB_OUTPUT")
    append_outputs(results)
    assert path.read_text().count("passed=") == 1
