"""The script of the action, and the nightly report.

They run with fakes of python3, er and gh.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from grader.course.course import Course

ROOT = Course.here().root

ER = """#!/bin/sh
# The work copy says with which code its grade ends.
echo "er $*" >> "$CALLS"
exit "$(cat "$4/code")"
"""

GH = """#!/bin/sh
echo "gh $*" >> "$CALLS"
[ "$1 $2" != "issue list" ] || echo "${OPEN:-}"
[ -z "${NO_PERMISSION:-}" ]
"""

PYTHON = """#!/bin/sh
echo "python3 ${1##*/}" >> "$CALLS"
exit "${BOOTSTRAP:-0}"
"""

WITH_TOKEN = {"GH_TOKEN": "any"}


class Runner:
    """The machine of a job: a course, and a learner's repository."""

    def __init__(self, folder: Path) -> None:
        self.course, self.repository = folder / "the course", folder / "learner"
        self._calls, programs = folder / "calls", folder / "bin"
        er = self.course / "er"
        for path, text in {er: ER, programs / "gh": GH, programs / "python3": PYTHON}.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(0o755)
        (self.course / ".github").mkdir()
        shutil.copy(ROOT / ".github" / "grade.sh", self.course / ".github")
        self.repository.mkdir()
        self._environment = {
            **{name: value for name, value in os.environ.items() if name != "GH_TOKEN"},
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "CALLS": str(self._calls),
            "GITHUB_REPOSITORY": "learner/course",
            "CHECK_SHA": "abc",
        }

    def copy(self, lab: str, code: int) -> None:
        """Give the learner a work copy whose grade ends with this code."""
        (self.repository / "work" / lab).mkdir(parents=True)
        (self.repository / "work" / lab / "code").write_text(f"{code}\n")

    def grade(self, work: str = "work", **variables: str) -> "subprocess.CompletedProcess[str]":
        return self.run(str(self.course / ".github" / "grade.sh"), work, "reports", **variables)

    def run(self, *command: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        environment = {**self._environment, **variables}
        return subprocess.run(
            command, cwd=self.repository, env=environment, capture_output=True, text=True, check=False, timeout=60
        )

    def calls(self, program: str) -> list[str]:
        return [line for line in self._calls.read_text().splitlines() if line.startswith(f"{program} ")]


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def test_each_work_copy_is_graded_by_the_course_of_the_action(runner: Runner) -> None:
    for lab in ("03-rate-limiting", "14-saga"):
        runner.copy(lab, 0)
    (runner.repository / "work" / "notes").mkdir()
    (runner.repository / "work" / "05-notes.md").touch()
    assert runner.grade().returncode == 0
    assert runner.calls("er") == [
        "er grade 03 --submission work/03-rate-limiting/ --out reports/03-rate-limiting",
        "er grade 14 --submission work/14-saga/ --out reports/14-saga",
    ]


@pytest.mark.parametrize(
    ("codes", "code"), [((0, 0), 0), ((0, 1), 1), ((1, 0), 1), ((2, 1), 2), ((1, 2), 2), ((0, 70), 2)]
)
def test_the_worst_grade_decides_the_exit_code(runner: Runner, codes: tuple[int, ...], code: int) -> None:
    for number, its in enumerate(codes, 1):
        runner.copy(f"0{number}-lab", its)
    assert runner.grade().returncode == code


@pytest.mark.parametrize(("code", "conclusion"), [(0, "success"), (1, "failure"), (2, "cancelled")])
def test_each_lab_gets_a_check_with_a_token(runner: Runner, code: int, conclusion: str) -> None:
    runner.copy("03-rate-limiting", code)
    assert runner.grade(**WITH_TOKEN).returncode == code
    (call,) = runner.calls("gh")
    assert call.startswith("gh api repos/learner/course/check-runs ")
    for field in ("name=Pattern ER 03-rate-limiting", "head_sha=abc", "status=completed", f"conclusion={conclusion}"):
        assert f"-f {field}" in call


def test_no_lab_gets_a_check_without_a_token(runner: Runner) -> None:
    runner.copy("03-rate-limiting", 0)
    runner.grade()
    assert runner.calls("gh") == []


def test_a_forbidden_check_does_not_change_the_exit_code(runner: Runner) -> None:
    runner.copy("03-rate-limiting", 0)
    done = runner.grade(NO_PERMISSION="yes", **WITH_TOKEN)
    assert done.returncode == 0
    assert "no check was added for 03-rate-limiting: the job needs the permission `checks: write`" in done.stdout


@pytest.mark.parametrize("work", ["work", "no/such/folder"])
def test_a_missing_work_copy_is_an_error_with_the_next_command(runner: Runner, work: str) -> None:
    done = runner.grade(work)
    assert done.returncode == 2
    assert done.stderr == f"er: there is no work copy of a lab in `{work}`\n  next: make lab-03, then commit work/\n"


def test_nothing_is_graded_when_the_environment_cannot_be_set_up(runner: Runner) -> None:
    runner.copy("03-rate-limiting", 0)
    assert runner.grade(BOOTSTRAP="2").returncode == 2
    assert runner.calls("er") == []


@pytest.mark.parametrize(
    ("open_issue", "call"),
    [("", "gh issue create --title The nightly run fails --body https://x"), ("7", "gh issue comment 7")],
)
def test_a_nightly_failure_opens_an_issue_or_comments_on_the_open_one(
    runner: Runner, open_issue: str, call: str
) -> None:
    job = yaml.safe_load((ROOT / ".github" / "workflows" / "nightly.yml").read_text())["jobs"]["report"]
    (step,) = job["steps"]
    variables = {"TITLE": step["env"]["TITLE"], "BODY": "https://x", "OPEN": open_issue}
    assert runner.run("bash", "-e", "-c", step["run"], **variables).returncode == 0
    assert runner.calls("gh")[-1].startswith(call)
