"""`.ci/run`, with fakes of make, docker and er."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
import yaml

from grader.course.course import Course

SCRIPT = Course.here().root / ".ci" / "run"
WORKFLOW = Course.here().root / ".github" / "workflows" / "ci.yml"

FAKE = """#!/bin/sh
name=$(basename "$0")
echo "$name $*" >> "$CALLS"
[ "$name $1" != "$FAILING" ]
"""

DOCKER = """#!/bin/sh
cat "$CONTAINERS"
"""


class Checkout:
    """A checkout whose programs note their calls.

    Its commits are five hours, three hours and one hour old.
    """

    def __init__(self, folder: Path) -> None:
        self.root, self._calls, self.containers = folder / "course", folder / "calls", folder / "containers"
        (self.root / ".ci").mkdir(parents=True)
        shutil.copy(SCRIPT, self.root / ".ci" / "run")
        programs = folder / "bin"
        programs.mkdir()
        for path, text in {self.root / "er": FAKE, programs / "make": FAKE, programs / "docker": DOCKER}.items():
            path.write_text(text)
            path.chmod(0o755)
        self.containers.write_text("of-somebody-else\n")
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "SINCE"},
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "CALLS": str(self._calls),
            "CONTAINERS": str(self.containers),
        }
        self._git("init", "--quiet")
        self.revisions = [self._commit(hours) for hours in (5, 3, 1)]

    def run(self, *parts: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        environment = {**self.environment, **variables}
        command = [str(self.root / ".ci" / "run"), *parts]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)

    def calls(self) -> list[str]:
        return self._calls.read_text().splitlines()

    def since(self) -> str | None:
        """Return the revision that `er verify` got with `--since`, if any."""
        (words,) = [line.split() for line in self.calls() if line.startswith("er verify")]
        return words[words.index("--since") + 1] if "--since" in words else None

    def shallow(self) -> None:
        """Forget every commit but the last one."""
        (self.root / ".git" / "shallow").write_text(self.revisions[-1] + "\n")

    def _commit(self, hours_ago: int) -> str:
        stamp = f"{int(time.time()) - hours_ago * 3600} +0000"
        dates = {"GIT_AUTHOR_DATE": stamp, "GIT_COMMITTER_DATE": stamp}
        self._git("commit", "--quiet", "--allow-empty", "--message", f"{hours_ago} hours ago", **dates)
        return self._git("rev-parse", "HEAD")

    def _git(self, *arguments: str, **variables: str) -> str:
        identity = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
        command = ["git", "-C", str(self.root), *identity, *arguments]
        environment = {**os.environ, **variables}
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True, timeout=60
        ).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_all_parts_run_in_order_when_none_is_named(checkout: Checkout) -> None:
    assert checkout.run().returncode == 0
    assert [call.split(" --")[0] for call in checkout.calls()] == [
        "make test",
        "make setup",
        "er verify",
        "make cheats",
    ]


def test_a_named_part_runs_alone(checkout: Checkout) -> None:
    assert checkout.run("cheats").returncode == 0
    assert checkout.calls() == ["make cheats"]


def test_an_unknown_part_is_an_error(checkout: Checkout) -> None:
    done = checkout.run("test")
    assert (done.returncode, done.stderr) == (2, "the part must be tests, labs or cheats, not `test`\n")


@pytest.mark.parametrize("failing", ["make test", "make setup", "er verify", "make cheats"])
def test_a_part_that_fails_fails_the_run_and_does_not_stop_it(checkout: Checkout, failing: str) -> None:
    assert checkout.run(FAILING=failing).returncode == 1
    assert checkout.calls()[-1] == "make cheats"


def test_the_proofs_of_labs_are_quick_and_have_35_minutes(checkout: Checkout) -> None:
    checkout.run("labs")
    assert "--quick --minutes 35" in checkout.calls()[-1]


def test_labs_are_proven_since_the_last_commit_older_than_four_hours(checkout: Checkout) -> None:
    checkout.run("labs")
    assert checkout.since() == checkout.revisions[0]


def test_a_given_revision_goes_before_the_commits_age(checkout: Checkout) -> None:
    checkout.run("labs", SINCE=checkout.revisions[1])
    assert checkout.since() == checkout.revisions[1]


def test_a_given_revision_that_git_does_not_know_is_ignored(checkout: Checkout) -> None:
    checkout.run("labs", SINCE="0" * 40)
    assert checkout.since() == checkout.revisions[0]


def test_every_lab_counts_as_changed_in_a_clone_without_an_old_commit(checkout: Checkout) -> None:
    checkout.shallow()
    checkout.run("labs")
    assert checkout.since() is None


def test_only_a_container_that_the_run_left_behind_fails_it(checkout: Checkout) -> None:
    make = Path(checkout.environment["PATH"].split(os.pathsep)[0]) / "make"
    make.write_text('#!/bin/sh\necho ours >> "$CONTAINERS"\n')
    done = checkout.run("tests")
    assert (done.returncode, done.stderr) == (1, "containers were left behind: ours\n")


def test_the_workflow_on_github_runs_every_part() -> None:
    matrix = yaml.safe_load(WORKFLOW.read_text())["jobs"]["run"]["strategy"]["matrix"]
    assert f"|| set -- {' '.join(matrix['part'])}\n" in SCRIPT.read_text()
