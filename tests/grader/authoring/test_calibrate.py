import io
import re
import shutil
import tomllib
from pathlib import Path

import pytest
from rich.console import Console

from grader.authoring import calibration_table
from grader.authoring.calibrate import Calibrator
from grader.course.calibration import Calibration
from grader.course.course import Course, Lab
from grader.course.fixes import candidates
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


def test_a_run_decided_on_a_busy_host_gives_no_figures(tmp_path: Path) -> None:
    calibrator = Calibrator(Course(tmp_path, tmp_path / "work"), LAB, lambda *_: None)
    busy = measured(0.1)
    busy.attempts = [Attempt(unfit=["busy"])]
    busy.write(calibrator.folder / "starter" / "hogs-8-1")
    (run,) = calibrator.kept()
    assert run.surprises(LAB) == []
    assert calibrator.calibration([run]).runs == 0


def test_only_the_wanted_fixes_are_played_and_their_runs_replaced(
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


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """A writable copy of lab 03."""
    return Lab(shutil.copytree(LAB.path, tmp_path / "labs" / LAB.name))


def calibrated(lab: Lab, monkeypatch: pytest.MonkeyPatch, shares: dict[str, float]) -> tuple[int, str]:
    """Calibrate a lab whose candidates measure these shares.

    Other candidates measure 0.1. A candidate passes from 0.5 on.
    """

    def grade(_self: Calibrator, job: Job, _kind: str) -> Outcome:
        results = measured(shares.get(job.name, 0.1))
        results.verdict = Verdict.PASSED if shares.get(job.name, 0.1) >= 0.5 else Verdict.FAILED
        results.write(job.out)
        return Outcome(job, results, "")

    monkeypatch.setattr(Calibrator, "_grade", grade)
    monkeypatch.setattr(Calibrator, "play_stopgap", lambda *_: None)
    course = Course(lab.path.parents[1], lab.path.parents[1] / "work")
    out = io.StringIO()
    code = calibration_table.calibrate(
        Console(file=out, width=200), course, lab, images={}, runs=1, disturb=False, append=False
    )
    return code, out.getvalue()


def test_a_calibration_prints_each_run_and_threshold_and_is_written(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    code, printed = calibrated(
        lab, monkeypatch, {"sliding-window": 0.99, "token-bucket-lua": 0.97, "with-pyrate-limiter": 0.98}
    )
    assert code == 0
    number = len(candidates(lab))
    assert len(re.findall(rf" of {number}  .* calm +(passed|failed)", printed)) == number
    row = next(line for line in printed.splitlines() if "polite-tenants-served" in line and "≥ 0.8" in line)
    assert "0.97 (token-bucket-lua)" in row
    assert "0.1 (" in row
    written = Calibration.model_validate(tomllib.loads((lab.path / "calibration.toml").read_text()))
    assert written.threshold[0].worst_accepted == 0.97
    assert not written.stale(lab)


def test_a_wrong_verdict_is_named_and_fails_a_calibration(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    code, printed = calibrated(
        lab, monkeypatch, {"sliding-window": 0.2, "token-bucket-lua": 0.97, "with-pyrate-limiter": 0.98}
    )
    assert code == 1
    assert "WRONG VERDICT" in next(line for line in printed.splitlines() if "sliding-window" in line)
    assert "wrong verdict on sliding-window (calm)" in printed


def test_a_thin_margin_fails_a_calibration(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    code, printed = calibrated(
        lab, monkeypatch, {"sliding-window": 0.99, "token-bucket-lua": 0.81, "with-pyrate-limiter": 0.98}
    )
    assert code == 1
    assert "wrong verdict" not in printed.lower()
