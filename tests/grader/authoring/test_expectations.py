import pytest

from grader.authoring.expectations import broken_promises, proof_fingerprint
from grader.course.course import Course
from grader.course.fixes import candidates, should_pass
from grader.evidence.checks import State
from grader.grading.results import CheckResult, Results, Verdict

COURSE = Course.here()
LAB = COURSE.lab("03")


def results(verdict: Verdict, **states: State) -> Results:
    """Return results in which all checks hold except the named ones."""
    checks = [
        CheckResult(
            name=check.name,
            kind=check.kind,
            says="",
            wanted="",
            state=states.get(check.name.replace("-", "_"), State.HOLDS),
            findings=[],
        )
        for check in LAB.manifest.check
    ]
    return Results(lab=LAB.name, seed=1, began="", seconds=1, verdict=verdict, cause="it says why", checks=checks)


def test_the_candidates_are_the_starter_and_every_fix() -> None:
    names = candidates(LAB)
    assert names[0] == "starter"
    assert {"token-bucket-lua", "fixed-window"} < set(names)
    assert [name for name in names if should_pass(LAB, name)] == [
        "sliding-window",
        "token-bucket-lua",
        "with-pyrate-limiter",
    ]


def test_a_promise_is_kept_when_exactly_the_named_checks_fail() -> None:
    assert broken_promises(LAB, "fixed-window", results(Verdict.FAILED, no_double_burst=State.FAILS), quick=False) == []
    assert broken_promises(LAB, "sliding-window", results(Verdict.PASSED), quick=False) == []


@pytest.mark.parametrize("quick", [False, True])
def test_another_verdict_breaks_the_promise(*, quick: bool) -> None:
    wrong = broken_promises(LAB, "fixed-window", results(Verdict.PASSED), quick=quick)
    assert wrong == ["passed instead of failed: it says why"]
    wrong = broken_promises(LAB, "sliding-window", results(Verdict.INCONCLUSIVE), quick=quick)
    assert wrong == ["inconclusive instead of passed: it says why"]


@pytest.mark.parametrize("quick", [False, True])
def test_another_check_that_fails_breaks_the_promise(*, quick: bool) -> None:
    told = results(Verdict.FAILED, no_double_burst=State.FAILS, answers_are_real=State.FAILS)
    assert broken_promises(LAB, "fixed-window", told, quick=quick) == ["`answers-are-real` fails, but should hold"]


@pytest.mark.parametrize("state", [State.MISSING, State.NOT_REACHED])
def test_an_unmeasured_check_breaks_only_the_promise_of_a_whole_run(state: State) -> None:
    told = results(Verdict.FAILED, no_double_burst=State.FAILS, burst_is_honoured=state)
    assert broken_promises(LAB, "fixed-window", told, quick=False) == [f"`burst-is-honoured` {state}, but should hold"]
    assert broken_promises(LAB, "fixed-window", told, quick=True) == []


def test_a_check_that_is_unclear_has_not_failed() -> None:
    told = results(Verdict.FAILED, no_double_burst=State.FAILS, burst_is_honoured=State.UNCLEAR)
    assert broken_promises(LAB, "fixed-window", told, quick=False) == []
    told = results(Verdict.FAILED, no_double_burst=State.UNCLEAR, answers_are_real=State.FAILS)
    assert broken_promises(LAB, "fixed-window", told, quick=False) == [
        "`no-double-burst` unclear, but should fail",
        "`answers-are-real` fails, but should hold",
    ]


def test_a_check_that_the_manifest_leaves_open_breaks_no_promise() -> None:
    fails = {name.replace("-", "_"): State.FAILS for name in LAB.manifest.expectation("local-counter").fails}
    open_ = {"polite_tenants_served": State.UNCLEAR}
    assert broken_promises(LAB, "local-counter", results(Verdict.FAILED, **fails, **open_), quick=False) == []


def test_a_quick_grade_may_end_by_a_check_left_open() -> None:
    unreached = {check.name.replace("-", "_"): State.NOT_REACHED for check in LAB.manifest.check}
    told = results(Verdict.FAILED, **unreached | {"polite_tenants_served": State.FAILS})
    assert broken_promises(LAB, "local-counter", told, quick=True) == []


def test_a_failure_without_a_failed_check_breaks_the_promise() -> None:
    wrong = broken_promises(LAB, "fixed-window", results(Verdict.FAILED), quick=True)
    assert "no check failed: it says why" in wrong


def test_a_proof_holds_for_the_same_files_only() -> None:
    assert proof_fingerprint(COURSE, LAB) == proof_fingerprint(COURSE, COURSE.lab("03"))


def test_an_expected_failure_before_the_incident_needs_no_failed_check() -> None:
    nothing = {check.name.replace("-", "_"): State.NOT_REACHED for check in LAB.manifest.check}
    found_out = results(Verdict.FAILED, **nothing)
    assert not broken_promises(LAB, "one-bucket-for-all", found_out, quick=True)
    assert broken_promises(LAB, "one-bucket-for-all", found_out, quick=False)
    assert broken_promises(LAB, "fixed-window", found_out, quick=True) == ["no check failed: it says why"]
