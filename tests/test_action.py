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
[ ! -e "$4/outputs" ] || cat "$4/outputs" >> "$GITHUB_OUTPUT"
[ ! -e "$4/summary" ] || cat "$4/summary" >> "$GITHUB_STEP_SUMMARY"
exit "$(cat "$4/code")"
"""

GH = """#!/bin/sh
echo "gh $*" >> "$CALLS"
for argument; do
    case $argument in "output[summary]=@"*) cat "${argument#*@}" >> "$SUMMARY" ;; esac
done
[ "$1 $2" != "issue list" ] || echo "${OPEN:-}"
[ -z "${NO_PERMISSION:-}" ]
"""

PYTHON = """#!/bin/sh
echo "python3 ${1##*/}" >> "$CALLS"
exit "${BOOTSTRAP:-0}"
"""

DOCKER = """#!/bin/sh
echo "docker $*" >> "$CALLS"
[ "$1 $2" != "image ls" ] || printf '%s' "${IMAGES:-}"
"""

WITH_TOKEN = {"GH_TOKEN": "any"}


class Runner:
    """The machine of a job: a course, and a learner's repository."""

    def __init__(self, folder: Path) -> None:
        self.course, self.repository = folder / "the course", folder / "learner"
        self._calls, programs = folder / "calls", folder / "bin"
        er = self.course / "er"
        self.outputs, self.summary, self.checks = folder / "outputs", folder / "summary", folder / "checks"
        fakes = {"gh": GH, "python3": PYTHON, "docker": DOCKER}
        for path, text in {er: ER, **{programs / name: text for name, text in fakes.items()}}.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(0o755)
        (self.course / ".github").mkdir()
        for script in ("grade.sh", "image-cache.sh"):
            shutil.copy(ROOT / ".github" / script, self.course / ".github")
        self.repository.mkdir()
        self._environment = {
            **{name: value for name, value in os.environ.items() if name != "GH_TOKEN"},
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "CALLS": str(self._calls),
            "GITHUB_REPOSITORY": "learner/course",
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_RUN_ID": "42",
            "GITHUB_OUTPUT": str(self.outputs),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "SUMMARY": str(self.checks),
            "CHECK_SHA": "abc",
        }

    def copy(self, lab: str, code: int, **files: str) -> None:
        """Give the learner a work copy whose grade ends with this code, and writes these outputs and summary."""
        (self.repository / "work" / lab).mkdir(parents=True)
        for name, text in {"code": str(code), **files}.items():
            (self.repository / "work" / lab / name).write_text(f"{text}\n")

    def grade(self, work: str = "work", **variables: str) -> "subprocess.CompletedProcess[str]":
        return self.run(str(self.course / ".github" / "grade.sh"), work, "reports", **variables)

    def run(self, *command: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        environment = {**self._environment, **variables}
        return subprocess.run(
            command, cwd=self.repository, env=environment, capture_output=True, text=True, check=False, timeout=60
        )

    def cache(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        return self.run(str(self.course / ".github" / "image-cache.sh"), *arguments, **variables)

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


GOOD, GREAT, FAILED, UNJUDGED = (
    f"passed={passed}\nlevel={level}\nscore={score}"
    for passed, level, score in (("true", "Good", 80), ("true", "Great", 90), ("false", "", 0), ("false", "", ""))
)


@pytest.mark.parametrize(
    ("grades", "outputs"),
    [
        ([(0, GREAT)], "passed=true\nlevel=Great\nscore=90\n"),
        ([(0, GREAT), (0, GOOD)], "passed=true\nlevel=Good\nscore=85\n"),
        ([(0, GREAT), (1, FAILED)], "passed=false\nscore=45\n"),
        ([(0, GREAT), (2, UNJUDGED)], "passed=false\n"),
        ([(70, "")], "passed=false\n"),
    ],
    ids=["one", "the lowest", "a failed one", "an unjudged one", "a crash"],
)
def test_the_outputs_are_those_of_all_labs(runner: Runner, grades: list[tuple[int, str]], outputs: str) -> None:
    for number, (code, its) in enumerate(grades, 1):
        runner.copy(f"0{number}-lab", code, outputs=its)
    runner.grade()
    assert runner.outputs.read_text() == outputs


def test_a_check_has_a_title_a_summary_and_a_link(runner: Runner) -> None:
    runner.copy("03-rate-limiting", 0, outputs=GREAT, summary="### 03: passed")
    runner.copy("14-saga", 2)
    runner.grade(**WITH_TOKEN)
    first, second = runner.calls("gh")
    assert "-f output[title]=passed, Great -F output[summary]=@" in first
    assert "-f details_url=https://github.example/learner/course/actions/runs/42" in first
    assert "-f output[title]=could not be judged " in second
    assert runner.checks.read_text() == "### 03: passed\n\nThe log of the job says why.\n".replace("\n\n", "\n")


def test_the_summary_of_the_job_has_that_of_each_lab(runner: Runner) -> None:
    for lab in ("03-rate-limiting", "14-saga"):
        runner.copy(lab, 0, summary=f"### {lab}")
    runner.grade()
    assert runner.summary.read_text() == "### 03-rate-limiting\n### 14-saga\n"


def test_the_key_of_the_images_follows_their_sources_and_the_labs(runner: Runner) -> None:
    for folder in ("services", "loadtests", "compose/images", "labs/05-caching", "labs/07-observability"):
        (runner.course / folder).mkdir(parents=True)
    for name in ("pyproject.toml", "uv.lock", "services/twin.py", "labs/05-caching/schema.sql"):
        (runner.course / name).write_text("x")
    (runner.course / "labs/07-observability/topics.txt").write_text("x")
    runner.copy("03-rate-limiting", 0)

    def key() -> str:
        done = runner.cache("key", "work")
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("key=pattern-er-images-")
        assert done.stdout.count("\n") == 1
        return done.stdout

    keys = [key()]
    assert key() == keys[0]
    (runner.course / "services/twin.py").write_text("y")
    keys.append(key())
    runner.copy("05-caching", 0)
    keys.append(key())
    runner.copy("14-a\nkey=owned", 0)
    keys.append(key())
    assert len({*keys}) == 4
    assert runner.cache("key", "nowhere").returncode == 0


def test_images_are_saved_only_when_there_are_some(runner: Runner) -> None:
    assert runner.cache("save", "x.tar").stdout == ""
    assert runner.cache("save", "x.tar", IMAGES="pattern-er/python:a\npattern-er/redis:b\n").stdout == "saved=true\n"
    assert runner.cache("load", "x.tar").returncode == 0
    assert [call for call in runner.calls("docker") if "image ls" not in call] == [
        "docker save --output x.tar pattern-er/python:a pattern-er/redis:b",
        "docker load --quiet --input x.tar",
    ]


def test_every_output_of_the_action_comes_from_its_script() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    script = (ROOT / ".github" / "grade.sh").read_text()
    for name, output in action["outputs"].items():
        assert output["value"] == f"${{{{ steps.grade.outputs.{name} }}}}"
        assert f'echo "{name}=' in script + str(action["runs"])


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
