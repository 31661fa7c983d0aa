from pathlib import Path

import pytest

from grader.authoring.calibrate import Calibrator
from grader.course.course import Course
from grader.evidence.checks import CheckFinding, State
from grader.grading.batch import Job, Outcome, read_results
from grader.grading.results import Attempt, CheckResult, Results, Verdict

LAB = Course.here().lab("03")


def measured(share: float) -> Results:
    finding = CheckFinding(phase=None, state=State.FAILS, measured=share)
    check = CheckResult(
        name="polite-tenants-served", kind="share", says="", wanted="", state=State.FAILS, findings=[finding]
    )
    return Results(lab=LAB.name, seed=1, began="", seconds=1, verdict=Verdict.FAILED, checks=[check])


def test_runs_with_the_stopgap_are_kept_apart_from_the_starters_own(tmp_path: Path) -> None:
    calibrator = Calibrator(Course(tmp_path, tmp_path / "work"), LAB, lambda *_: None)
    measured(0.1).write(calibrator.folder / "starter" / "calm-1")
    measured(0.9).write(calibrator.folder / "stopgap-2")
    kept = calibrator.kept()
    assert [(run.candidate, run.disturbance) for run in kept] == [("starter", "calm")]
    first = calibrator.calibration(kept).threshold[0]
    assert (first.check, first.starter, first.stopgap) == ("polite-tenants-served", 0.1, 0.9)


def test_a_run_that_an_exact_check_decided_on_a_busy_host_tells_of_no_other_check(tmp_path: Path) -> None:
    calibrator = Calibrator(Course(tmp_path, tmp_path / "work"), LAB, lambda *_: None)
    busy = measured(0.1)
    busy.attempts = [Attempt(unfit=["busy"])]
    busy.write(calibrator.folder / "starter" / "hogs-8-1")
    (run,) = calibrator.kept()
    assert run.surprises(LAB) == []
    assert calibrator.calibration([run]).runs == 0


def test_only_the_fixes_that_are_wanted_are_played_and_their_earlier_runs_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def grade(_: Calibrator, job: Job, kind: str) -> Outcome:
        del kind
        measured(0.5).write(job.out)
        return Outcome(job, read_results(job.out), "")

    monkeypatch.setattr(Calibrator, "_grade", grade)
    calibrator = Calibrator(Course(tmp_path, tmp_path / "work"), LAB, lambda *_: None)
    for name in ("plain-503", "fixed-window"):
        measured(0.1).write(calibrator.folder / name / "calm-1")
    kept = calibrator.play(2, ["plain-503"], disturb=False, append=False)
    assert [run.candidate for run in kept] == ["fixed-window", "plain-503", "plain-503"]
    assert "calm-1" not in [run.folder.name for run in kept if run.candidate == "plain-503"]
