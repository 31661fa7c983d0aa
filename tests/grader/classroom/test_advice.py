"""A teacher can say what failed in its own words, and the command that helps; it never resets the teacher's copy."""

from typing import Literal

import pytest

from grader.classroom.advice import what_to_tell
from grader.course.course import Course
from grader.evidence.checks import State
from grader.grading.points import points
from grader.grading.results import CheckResult, LevelResult, Results, Verdict

LAB = Course.here().lab("03")
HINT = "The way there: `./er hint 03`"


def outcome(
    cause: str | None, *states: State, following: str | None = None, verdict: Verdict = Verdict.FAILED
) -> Results:
    checks = [
        CheckResult(name=f"check-{n}", kind="share", says=f"check-{n} is said.", wanted="", state=state, findings=[])
        for n, state in enumerate(states)
    ]
    return Results(
        lab=LAB.name, seed=7, began="", seconds=20, verdict=verdict, cause=cause, next=following, checks=checks
    )


def passed(level: Literal["Good", "Great", "Elite"] | None) -> Results:
    reached = LevelResult(says="", share=0.9, name=level) if level else None
    return outcome(None, State.HOLDS, verdict=Verdict.PASSED).model_copy(update={"level": reached})


@pytest.mark.parametrize(
    ("results", "told"),
    [
        (outcome(None, State.FAILS, State.HOLDS), ["`check-0`: check-0 is said.", HINT]),
        (outcome(None, State.UNCLEAR, State.FAILS), ["`check-1`: check-1 is said.", HINT]),
        (outcome("too close", State.HOLDS, State.UNCLEAR), ["`check-1`: check-1 is said.", HINT]),
        (
            outcome("`gateway.py` is missing", following="ls -la"),
            ["The files could not be read. Hand in `gateway.py`, in a folder or a zip file."],
        ),
        (
            outcome("SyntaxError"),
            ["The code did not serve, and no check was reached. `make lab-03` shows why within seconds."],
        ),
        (passed("Good"), []),
        (
            outcome("busy", verdict=Verdict.INCONCLUSIVE),
            ["Nothing yet: this grade has no verdict. The same command of the class grades it again."],
        ),
    ],
    ids=["fails", "fails and unclear", "unclear", "unreadable", "does not serve", "passed", "inconclusive"],
)
def test_each_outcome_has_its_advice(results: Results, told: list[str]) -> None:
    assert what_to_tell(LAB, results) == told


@pytest.mark.parametrize(
    ("results", "worth"),
    [
        (passed("Elite"), 100),
        (passed("Great"), 90),
        (passed("Good"), 80),
        (passed(None), 80),
        (outcome(None, State.FAILS), 0),
        (outcome("busy", verdict=Verdict.INCONCLUSIVE), None),
        (outcome("no engine", verdict=Verdict.ERROR), None),
    ],
)
def test_points_follow_verdict_and_level(results: Results, worth: int | None) -> None:
    assert points(results) == worth
