"""No cheat passes, keeps the grader from judging, or leaves anything behind."""

import re
import subprocess
from pathlib import Path

import pytest
from cheating import CHEATS, RIGHT, submit
from patience import GRADE_SECONDS

from grader.course.course import Course
from grader.grading.results import Results, Verdict

pytestmark = [pytest.mark.cheats, pytest.mark.usefixtures("nothing_left")]

ER = str(Course.here().root / "er")
INCONCLUSIVE = 2
"""The exit code of a grade that could not judge."""


def grade(submission: Path, out: Path) -> "subprocess.CompletedProcess[str]":
    command = [ER, "grade", "03", "--submission", str(submission), "--out", str(out)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=GRADE_SECONDS
    )


@pytest.mark.parametrize("cheat", CHEATS)
def test_a_cheat_fails(cheat: str, tmp_path: Path) -> None:
    submission = submit(cheat, tmp_path / "submission")
    done = grade(submission, tmp_path / "out")
    if done.returncode == INCONCLUSIVE:
        # Graded again, because this machine may have been busy. A patient that makes it busy is found the second time.
        done = grade(submission, tmp_path / "out")
    said = done.stdout + done.stderr
    assert done.returncode == 1, f"{cheat}: {said}"
    results = Results.model_validate_json((tmp_path / "out" / "results.json").read_bytes())
    assert results.verdict is Verdict.FAILED
    # The verdict must name the learner's code as the cause, by failed checks or by its misbehaviour.
    assert results.failed_checks() or results.cause, said
    # A traceback would mean that the cheat failed by a bug of its own.
    assert "Traceback" not in said or cheat == "hostile-words", said
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", said), "control characters"
    assert not re.search(r"^::", said, re.MULTILINE), "a command to a CI system"


def test_a_right_fix_passes_after_all_cheats(tmp_path: Path) -> None:
    done = grade(RIGHT.parent, tmp_path / "out")
    assert done.returncode == 0, done.stdout + done.stderr
