"""The proof of lab 03: its starter and every fix fail exactly what the manifest says, on the real engine."""

from pathlib import Path

import pytest

from grader.checks import State
from grader.course import Course
from grader.grading import Grade
from grader.plan import fresh_seed
from grader.results import Verdict

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("nothing_left")]

COURSE = Course.here()
LAB = COURSE.lab("03")
CANDIDATES: dict[str, Path] = {"starter": LAB.patient, **LAB.fixes()}


@pytest.mark.parametrize("name", CANDIDATES)
def test_each_fix_fails_exactly_the_checks_that_the_manifest_names(name: str, images: dict[str, str]) -> None:
    expected = LAB.manifest.expectation(name)
    results = Grade(COURSE, LAB, CANDIDATES[name], fresh_seed(), images, print, thorough=True).run()
    summary = results.model_dump_json(indent=1)
    assert results.verdict is (Verdict.FAILED if expected.fails else Verdict.PASSED), summary
    states = {check.name: check.state for check in results.checks if check.name not in expected.either}
    assert {name for name, state in states.items() if state is State.FAILS} == set(expected.fails), summary
    assert set(states.values()) <= {State.FAILS, State.HOLDS}, summary
    assert (results.level is not None) == (results.verdict is Verdict.PASSED)


def test_every_rejected_fix_is_named_in_the_manifest_and_fails_something() -> None:
    rejected = {path.name for path in LAB.path.glob("fixes/rejected/*")}
    assert len(rejected) >= 5
    assert all(LAB.manifest.expectation(name).fails for name in rejected | {"starter"})
    assert set(LAB.manifest.fixes) == rejected | {"starter"}
