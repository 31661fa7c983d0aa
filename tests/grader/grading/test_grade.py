"""The verdict: from fit attempts, and never from a busy machine.

Attempts are repeated while a check is unclear.
"""

from pathlib import Path

import pytest

from grader.base.errors import ErError, HostError, LearnerError
from grader.course.course import Course
from grader.evidence.checks import Reading, State
from grader.evidence.host_cpu import HostCpu
from grader.grading.grade import ATTEMPTS, Grade
from grader.grading.results import Attempt, Results, Verdict

COURSE = Course.here()
LAB = COURSE.lab("03")
BUSY = "this machine was too busy"

RIGHT: dict[str, list[Reading]] = {
    "polite-tenants-served": [Reading(phase=p, good=200, total=200) for p in ("surge", "surge-again")],
    "noisy-tenant-gets-its-limit": [Reading(phase="surge-again", value=1.0)],
    "eager-tenant-gets-its-limit": [Reading(phase="surge", value=1.0)],
    "used-burst-is-remembered": [Reading(phase=None, value=1.0)],
    "no-double-burst": [Reading(phase=None, value=0)],
    "burst-is-honoured": [Reading(phase=None, good=900, total=900)],
    "refusals-are-429-with-retry-after": [Reading(phase=None, good=700, total=700)],
    "retry-after-is-true": [Reading(phase=None, value=1.0)],
    "retry-after-rounded-up": [Reading(phase="recovery", value=0)],
    "noisy-tenant-forgiven": [Reading(phase="recovery", good=31, total=31)],
    "quotes-not-overloaded": [Reading(phase=p, value=40) for p in ("surge", "surge-again")],
    "answers-are-real": [Reading(phase=None, value=0)],
    "level": [Reading(phase=p, good=184, total=200) for p in ("surge", "surge-again")],
}


def attempt(unfit: list[str] | None = None, **changed: list[Reading]) -> Attempt:
    readings = {**RIGHT, **{name.replace("_", "-"): reading for name, reading in changed.items()}}
    return Attempt(unfit=unfit or [], readings=readings)


def hurt(harm: float, unfit: list[str] | None = None, **changed: list[Reading]) -> Attempt:
    return attempt(unfit, **changed).model_copy(update={"harm": harm})


def polite(good: int) -> list[Reading]:
    return [Reading(phase=p, good=good, total=200) for p in ("surge", "surge-again")]


def graded(monkeypatch: pytest.MonkeyPatch, *attempts: Attempt | Exception) -> tuple[Results, int]:
    """Grade with these outcomes of attempts.

    Returns the results, and the number of attempts that were played.
    """
    grade = Grade(COURSE, LAB, Path(), 7, {}, lambda _: None)
    outcomes = iter(attempts)

    def play(_: int) -> Attempt:
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome.model_copy(deep=True)

    monkeypatch.setattr(grade, "_play", play)
    results = grade.run()
    return results, len(attempts) - len(list(outcomes))


def test_a_right_fix_on_a_fit_host_passes_with_its_level(monkeypatch: pytest.MonkeyPatch) -> None:
    results, played = graded(monkeypatch, attempt())
    assert (results.verdict, played, results.verdict.exit_code) == (Verdict.PASSED, 1, 0)
    assert results.level is not None
    assert (results.level.name, results.level.share) == ("Great", 0.92)


def test_a_failed_check_on_a_fit_host_fails_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    results, played = graded(monkeypatch, attempt(polite_tenants_served=polite(20)))
    assert (results.verdict, played, results.verdict.exit_code) == (Verdict.FAILED, 1, 1)
    assert results.failed_checks() == ["polite-tenants-served"]
    assert results.level is None


@pytest.mark.parametrize(
    ("attempts", "verdict", "harm"),
    [
        ([attempt()], Verdict.PASSED, None),
        ([hurt(2)], Verdict.PASSED, "2 requests of polite tenants got no quote within 500 ms"),
        (
            [hurt(51, polite_tenants_served=polite(20))],
            Verdict.FAILED,
            "51 requests of polite tenants got no quote within 500 ms",
        ),
        ([hurt(51, [BUSY]), hurt(0)], Verdict.PASSED, None),
        ([hurt(51, [BUSY])] * ATTEMPTS, Verdict.INCONCLUSIVE, None),
        ([hurt(51, [BUSY], answers_are_real=[Reading(phase=None, value=1)])], Verdict.FAILED, None),
        ([hurt(51, [BUSY]), ErError("no engine")], Verdict.ERROR, None),
    ],
)
def test_a_grade_says_the_harm_of_the_attempt_that_was_judged(
    monkeypatch: pytest.MonkeyPatch, attempts: list[Attempt | Exception], verdict: Verdict, harm: str | None
) -> None:
    results, _ = graded(monkeypatch, *attempts)
    assert results.verdict is verdict
    assert results.harm == harm


def test_a_failure_in_one_of_a_checks_phases_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = [polite(200)[0], polite(20)[1]]
    results, _ = graded(monkeypatch, attempt(polite_tenants_served=readings))
    assert results.failed_checks() == ["polite-tenants-served"]


def test_an_unfit_attempt_is_repeated_and_its_readings_never_count(monkeypatch: pytest.MonkeyPatch) -> None:
    results, played = graded(monkeypatch, attempt([BUSY], polite_tenants_served=polite(20)), attempt())
    assert (results.verdict, played) == (Verdict.PASSED, 2)


def test_a_failure_beside_much_other_work_is_repeated_and_never_blamed_on_the_patient(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    crowded = attempt(polite_tenants_served=polite(20)).model_copy(
        update={"cpu": {"surge": HostCpu(other=0.4, idle=0.05)}}
    )
    results, played = graded(monkeypatch, crowded, attempt())
    assert (results.verdict, played) == (Verdict.PASSED, 2)
    results, played = graded(monkeypatch, *[crowded.model_copy(deep=True) for _ in range(ATTEMPTS)])
    assert (results.verdict, played) == (Verdict.INCONCLUSIVE, 3)
    assert results.cause == (
        "this machine was too busy in `surge`: its CPUs spent 40 % of their time on other work, and only 5 % was left"
    )


@pytest.mark.parametrize(
    "cpu",
    [
        pytest.param({}, id="unknown"),
        pytest.param({"surge": HostCpu(other=0.02, idle=0.01)}, id="crowded by the patient"),
        pytest.param({"surge": HostCpu(other=0.4, idle=0.5)}, id="a large machine"),
    ],
)
def test_a_failure_is_final_unless_other_work_left_too_little(
    cpu: dict[str, HostCpu], monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = attempt(polite_tenants_served=polite(20)).model_copy(update={"cpu": cpu})
    results, played = graded(monkeypatch, failing)
    assert (results.verdict, played) == (Verdict.FAILED, 1)


def test_a_pass_beside_much_other_work_is_a_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    results, played = graded(monkeypatch, attempt().model_copy(update={"cpu": {"surge": HostCpu(other=0.6, idle=0.0)}}))
    assert (results.verdict, played) == (Verdict.PASSED, 1)


def test_a_host_that_stays_unfit_is_inconclusive_with_its_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    results, played = graded(monkeypatch, *[attempt([BUSY], polite_tenants_served=polite(20))] * ATTEMPTS)
    assert (results.verdict, played, results.verdict.exit_code) == (Verdict.INCONCLUSIVE, 3, 2)
    assert results.cause == BUSY
    assert results.checks == []


def test_an_exact_check_decides_on_any_host(monkeypatch: pytest.MonkeyPatch) -> None:
    invented = [Reading(phase=None, value=3)]
    results, played = graded(monkeypatch, attempt([BUSY], answers_are_real=invented))
    assert (results.verdict, played) == (Verdict.FAILED, 1)
    assert results.cause is not None
    assert "answers-are-real" in results.cause
    states = {check.name: check.state for check in results.checks}
    assert states.pop("answers-are-real") is State.FAILS
    assert set(states.values()) == {State.NOT_REACHED}


def test_an_unclear_check_is_repeated_and_pooled(monkeypatch: pytest.MonkeyPatch) -> None:
    close = attempt(polite_tenants_served=polite(176))
    results, played = graded(monkeypatch, close, attempt())
    assert (results.verdict, played) == (Verdict.PASSED, 2)
    assert results.checks[0].findings[0].total == 400


def test_a_check_that_stays_unclear_fails_with_that_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    results, played = graded(monkeypatch, *[attempt(polite_tenants_served=polite(160))] * ATTEMPTS)
    assert (results.verdict, played) == (Verdict.FAILED, 3)
    assert results.cause == "too close to the threshold to pass, after 3 attempts: `polite-tenants-served`"


def test_an_unclear_check_on_a_disturbed_host_is_inconclusive(monkeypatch: pytest.MonkeyPatch) -> None:
    close = attempt(polite_tenants_served=polite(160))
    results, played = graded(monkeypatch, close, attempt([BUSY]), close)
    assert (results.verdict, played) == (Verdict.INCONCLUSIVE, 3)
    assert results.cause == BUSY


def test_a_check_after_the_failure_of_another_is_not_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = attempt(polite_tenants_served=polite(20)[:1])
    del failed.readings["retry-after-is-true"]
    results, _ = graded(monkeypatch, failed)
    assert {check.name: check.state for check in results.checks}["retry-after-is-true"] is State.NOT_REACHED


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (LearnerError("`gateway-1` ended", run="make lab-03"), Verdict.FAILED),
        (ErError("the engine is gone", run="./er doctor"), Verdict.ERROR),
    ],
)
def test_only_an_error_of_the_learners_code_fails_the_grade(
    monkeypatch: pytest.MonkeyPatch, error: ErError, verdict: Verdict
) -> None:
    results, _ = graded(monkeypatch, error)
    assert (results.verdict, results.cause, results.next) == (verdict, error.what, error.run)


def test_results_are_written_atomically_and_read_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results, _ = graded(monkeypatch, attempt(polite_tenants_served=polite(20)))
    path = results.write(tmp_path / "out")
    assert Results.model_validate_json(path.read_bytes()) == results
    assert [file.name for file in path.parent.iterdir()] == ["results.json"]
    assert capsys.readouterr().out == ""


def test_a_host_too_busy_to_start_the_system_gets_another_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    results, played = graded(monkeypatch, HostError("too busy to start"), attempt())
    assert (results.verdict, played) == (Verdict.PASSED, 2)
    assert results.attempts[0].unfit == ["too busy to start"]


def test_a_host_that_never_starts_the_system_is_inconclusive(monkeypatch: pytest.MonkeyPatch) -> None:
    results, played = graded(monkeypatch, *[HostError("too busy to start")] * ATTEMPTS)
    assert (results.verdict, played, results.cause) == (Verdict.INCONCLUSIVE, ATTEMPTS, "too busy to start")
