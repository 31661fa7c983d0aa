import sys
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from patience import PATIENCE, eventually

from grader.course.course import Course
from grader.grading import batch
from grader.grading.batch import Crew, Job, Outcome, grade_all
from grader.grading.results import Attempt, Results, Verdict

LAB = Course.here().lab("03")

GRADE = """#!/bin/sh
# Stands for `python -m grader grade ...`: takes the place of the interpreter.
while [ $# -gt 0 ]; do
    [ "$1" != --out ] || out=$2
    [ "$1" != --submission ] || submission=$2
    shift
done
. "$submission/does"
"""


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    grade = tmp_path / "grade"
    grade.write_text(GRADE)
    grade.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(grade))
    (tmp_path / "out").mkdir()
    return Job("somebody", LAB, tmp_path, tmp_path / "out", 7)


def does(job: Job, script: str) -> None:
    (job.submission / "does").write_text(script)


def test_the_results_of_a_grade_are_read_from_its_folder(job: Job) -> None:
    told = Results(lab=LAB.name, seed=7, began="", seconds=1, verdict=Verdict.PASSED)
    does(job, f"echo said; printf '%s' '{told.model_dump_json()}' > $out/results.json")
    (outcome,) = Crew(1).run([job])
    assert (outcome.results, outcome.said, outcome.judged) == (told, "said\n", True)


@pytest.mark.parametrize(
    ("unfit", "thorough", "judged"),
    [
        ([["busy"], ["busy"]], True, False),
        ([["busy"], ["busy"]], False, True),
        ([["busy"], []], True, True),
        ([], True, True),
    ],
)
def test_a_thorough_grade_is_judged_by_a_fit_attempt_or_without_any(
    job: Job, unfit: list[list[str]], *, thorough: bool, judged: bool
) -> None:
    attempts = [Attempt(unfit=causes) for causes in unfit]
    failed = Results(lab=LAB.name, seed=7, began="", seconds=1, verdict=Verdict.FAILED, attempts=attempts)
    assert Outcome(replace(job, thorough=thorough), failed, "").judged is judged


@pytest.mark.parametrize("script", ["exit 3", "echo '{' > $out/results.json", "kill -9 $$"])
def test_a_grade_without_results_is_not_judged(job: Job, script: str) -> None:
    does(job, script)
    (outcome,) = Crew(1).run([job])
    assert (outcome.results, outcome.judged) == (None, False)


def test_a_grade_among_many_speaks_to_no_workflow(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_ACTIONS", "GITHUB_OUTPUT"):
        monkeypatch.setenv(name, "true")
    does(job, 'echo "workflow: $GITHUB_ACTIONS$GITHUB_OUTPUT"')
    (outcome,) = Crew(1).run([job])
    assert outcome.said == "workflow: \n"


def test_results_of_an_earlier_grade_are_never_reused(job: Job) -> None:
    old = Results(lab=LAB.name, seed=7, began="", seconds=1, verdict=Verdict.PASSED)
    (job.out / "results.json").write_text(old.model_dump_json())
    does(job, "exit 2")
    (outcome,) = Crew(1).run([job])
    assert outcome.results is None


def clock(monkeypatch: pytest.MonkeyPatch, *times: float) -> None:
    """Have the clock read these times, one before each grade."""
    monkeypatch.setattr(batch, "time", SimpleNamespace(monotonic=iter(times).__next__))


def test_no_grade_starts_after_the_deadline(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    does(job, "echo up >> $submission/begun; exit 2")
    clock(monkeypatch, 9, 10, 11)
    assert [outcome.said for outcome in Crew(1, until=10).run([job] * 3)] == [""]
    assert (job.submission / "begun").read_text() == "up\n"


def test_earlier_results_stay_when_no_grade_starts(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    (job.out / "results.json").write_text("earlier")
    clock(monkeypatch, 10)
    assert list(Crew(1, until=10).run([job])) == []
    assert (job.out / "results.json").read_text() == "earlier"


@pytest.mark.parametrize(("retry_at", "grades"), [(9, 2), (10, 1)])
def test_an_unjudged_grade_is_repeated_before_the_deadline(
    job: Job, monkeypatch: pytest.MonkeyPatch, retry_at: float, grades: int
) -> None:
    does(job, "exit 2")
    clock(monkeypatch, 0, retry_at)
    assert len(list(grade_all([job], 1, until=10))) == grades


def test_an_interrupt_ends_running_grades_and_starts_no_more(job: Job, tmp_path: Path) -> None:
    does(
        job,
        "trap 'echo down >> $submission/ended; kill -9 $!; exit 2' TERM; echo up >> $submission/begun; sleep 60 & wait",
    )
    crew = Crew(2)
    begun = tmp_path / "begun"

    def interrupt() -> None:
        eventually(lambda: begun.exists() and begun.read_text().count("up") == 2)
        crew.dismiss()

    thread = threading.Thread(target=interrupt)
    thread.start()
    outcomes = list(crew.run([job] * 5))
    thread.join(PATIENCE)
    assert all(outcome.results is None for outcome in outcomes)
    assert begun.read_text().count("up") == 2
    assert (tmp_path / "ended").read_text().count("down") == 2
