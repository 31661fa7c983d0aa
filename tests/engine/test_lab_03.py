"""The proof of lab 03: its starter and every fix fail exactly what the manifest says, on the real engine."""

import subprocess
import sys
from pathlib import Path

import pytest

from grader.checks import State
from grader.course import Course
from grader.results import Results, Verdict

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("nothing_left")]

COURSE = Course.here()
LAB = COURSE.lab("03")
ER = str(Path(sys.executable).with_name("er"))
CANDIDATES: dict[str, Path] = {"starter": LAB.patient, **LAB.fixes()}


@pytest.mark.parametrize("name", CANDIDATES)
def test_each_fix_fails_exactly_the_checks_that_the_manifest_names(name: str, tmp_path: Path) -> None:
    expected = LAB.manifest.expectation(name)
    command = [ER, "grade", "03", "--thorough", "--submission", str(CANDIDATES[name]), "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    summary = done.stdout + done.stderr
    assert done.returncode == (1 if expected.fails else 0), summary
    assert ("FAILED" if expected.fails else "PASSED") in summary
    assert ("er hint 03" if expected.fails else "debrief.md") in summary
    results = Results.model_validate_json((tmp_path / "results.json").read_bytes())
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
