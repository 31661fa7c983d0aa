import functools
import operator
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from grader.authoring.verify import Proof, Verification, jobs_of, read_shard, touched
from grader.base.errors import ErError
from grader.course.course import Course
from grader.course.fixes import candidates
from grader.evidence.checks import State
from grader.grading import batch
from grader.grading.batch import Job, Outcome
from grader.grading.results import CheckResult, Results, Verdict

HERE = Course.here()


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A checkout under git, with lab 03 and what it stands on."""
    for name in ("labs", "services", "compose", "loadtests", "grader"):
        shutil.copytree(HERE.root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(HERE.root / "uv.lock", tmp_path / "uv.lock")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "all")
    return Course(tmp_path, tmp_path / "work")


def git(root: Path, *args: str) -> None:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(root), *identity, *args], check=True, timeout=30)


class Judge:
    """Stands for the grades: each candidate gets the verdict that a test says, or that the manifest promises."""

    def __init__(self) -> None:
        self.graded: list[str] = []
        self.rounds: list[int] = []
        self.verdicts: dict[str, list[Verdict]] = {}

    def __call__(self, at_once: int) -> "Judge":
        self.rounds.append(at_once)
        return self

    def run(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        for job in jobs:
            self.graded.append(job.name)
            results = self.results(job)
            results.write(job.out)
            yield Outcome(job, results, "")

    def results(self, job: Job) -> Results:
        fails = job.lab.manifest.expectation(job.name).fails
        told = self.verdicts.get(job.name)
        verdict = told.pop(0) if told else Verdict.FAILED if fails else Verdict.PASSED
        states = {check.name: State.FAILS if check.name in fails else State.HOLDS for check in job.lab.manifest.check}
        checks = [
            CheckResult(name=name, kind="share", says="", wanted="", state=state, findings=[])
            for name, state in states.items()
        ]
        return Results(lab=job.lab.name, seed=1, began="", seconds=20, verdict=verdict, checks=checks)


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Judge:
    judge = Judge()
    monkeypatch.setattr(batch, "Crew", judge)
    return judge


def prove(course: Course, *, at_once: int = 1, resume: bool = False) -> dict[str, Proof]:
    jobs = jobs_of(course, [course.lab("03")], None, quick=False)
    proofs = Verification(course, at_once, lambda *_: None, resume=resume).run(jobs)
    return {proof.job.name: proof for proof in proofs}


def test_the_starter_and_every_fix_are_graded_once_when_all_is_as_promised(course: Course, judge: Judge) -> None:
    proofs = prove(course)
    assert judge.graded == list(candidates(course.lab("03")))
    assert all(proof.judged and not proof.wrong for proof in proofs.values())


def test_what_could_not_be_judged_is_tried_once_more_alone_and_then_left(course: Course, judge: Judge) -> None:
    judge.verdicts = {"starter": [Verdict.ERROR], "plain-503": [Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE]}
    proofs = prove(course, at_once=3)
    assert judge.rounds == [3, 1]
    assert judge.graded[-2:] == ["starter", "plain-503"]
    assert not proofs["starter"].wrong
    assert not proofs["plain-503"].judged


def test_a_wrong_verdict_is_told_and_not_tried_again(course: Course, judge: Judge) -> None:
    judge.verdicts = {"moving-window": [Verdict.FAILED]}
    proofs = prove(course)
    assert proofs["moving-window"].wrong == ["failed instead of passed"]
    assert judge.graded.count("moving-window") == 1


def test_going_on_keeps_what_was_proven_and_tries_what_was_wrong_again(course: Course, judge: Judge) -> None:
    judge.verdicts = {"moving-window": [Verdict.FAILED]}
    prove(course)
    judge.graded.clear()
    proofs = prove(course, resume=True)
    assert judge.graded == ["moving-window"]
    assert proofs["starter"].earlier


@pytest.mark.parametrize("file", ["labs/03-rate-limiting/lab.toml", "services/quotes.py", "grader/evidence/checks.py"])
def test_going_on_after_a_change_proves_all_anew(course: Course, judge: Judge, file: str) -> None:
    prove(course)
    judge.graded.clear()
    path = course.root / file
    path.write_text(path.read_text() + "\n# changed\n")
    prove(course, resume=True)
    assert len(judge.graded) == len(candidates(course.lab("03")))


def test_shards_are_parts_of_the_whole_without_overlap() -> None:
    whole = [job.name for job in jobs_of(HERE, [HERE.lab("03")], None, quick=True)]
    parts = [[job.name for job in jobs_of(HERE, [HERE.lab("03")], (i, 4), quick=True)] for i in (1, 2, 3, 4)]
    assert sorted(functools.reduce(operator.iadd, parts, [])) == sorted(whole)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize(("text", "shard"), [("1/4", (1, 4)), ("4/4", (4, 4)), (None, None)])
def test_a_shard_is_read(text: str | None, shard: tuple[int, int] | None) -> None:
    assert read_shard(text) == shard


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "1/0", "a/b", "-1/4", "1/4/2"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(ErError, match="no part of a whole"):
        read_shard(text)


@pytest.mark.parametrize(
    ("file", "labs"),
    [
        ("labs/03-rate-limiting/locustfile.py", ["03"]),
        ("services/quotes.py", ["03", "04"]),
        ("services/pages.py", ["02"]),
        ("services/kit/app.py", ["03"]),
        ("grader/evidence/checks.py", ["03"]),
        ("services/another.py", []),
        ("compose/postgres.yaml", ["05", "14"]),
        ("compose/images/postgres/postgresql.conf", ["05", "14"]),
        ("compose/images/kafka/server.properties", ["07"]),
        ("compose/redis/users.acl", ["03", "05", "16"]),
        ("compose/stack.yaml", ["03"]),
        ("README.md", []),
        ("labs/04-bulkhead/debrief.md", []),
        ("labs/04-bulkhead/calibration.toml", []),
    ],
)
def test_labs_are_touched_by_their_folder_their_services_and_shared_code(
    course: Course, file: str, labs: list[str]
) -> None:
    path = course.root / file
    path.write_text("changed\n")
    git(course.root, "add", "--all")
    assert [lab.number for lab in touched(course, "HEAD")] == labs


def test_a_revision_that_is_none_is_one_clear_error(course: Course) -> None:
    with pytest.raises(ErError, match="git does not know `nowhere`"):
        touched(course, "nowhere")
