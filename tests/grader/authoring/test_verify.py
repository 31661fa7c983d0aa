import functools
import io
import json
import math
import operator
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from fake_crew import FakeCrew, results_of
from rich.console import Console

from grader.authoring import proof_table
from grader.authoring.verify import Proof, Verification, jobs_of, read_shard
from grader.base.errors import ErError
from grader.course.course import Course
from grader.course.fixes import candidates
from grader.evidence.checks import State
from grader.grading import batch
from grader.grading.batch import Job
from grader.grading.results import Results, Verdict

HERE = Course.here()


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A checkout of all files that a proof depends on."""
    for name in ("labs", "services", "compose", "loadtests", "grader"):
        shutil.copytree(HERE.root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(HERE.root / "uv.lock", tmp_path / "uv.lock")
    return Course(tmp_path, tmp_path / "work")


class Judge(FakeCrew):
    """Each candidate keeps what the manifest promises unless a test says otherwise."""

    def results(self, job: Job, verdict: Verdict | None) -> Results:
        fails = job.lab.manifest.expectation(job.name).fails
        states = {check.name: State.FAILS if check.name in fails else State.HOLDS for check in job.lab.manifest.check}
        return results_of(job.lab, verdict or (Verdict.FAILED if fails else Verdict.PASSED), states, "share")


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Judge:
    judge = Judge()
    monkeypatch.setattr(batch, "Crew", judge)
    return judge


def prove(course: Course, *, at_once: int = 1, resume: bool = False) -> dict[str, Proof]:
    jobs = jobs_of(course, [course.lab("03")], quick=False)
    proofs = Verification(course, at_once, lambda *_: None, resume=resume).run(jobs)
    return {proof.job.name: proof for proof in proofs}


def test_each_candidate_is_graded_once_if_all_keep_their_promises(course: Course, judge: Judge) -> None:
    proofs = prove(course)
    assert judge.graded == list(candidates(course.lab("03")))
    assert all(proof.judged and not proof.wrong for proof in proofs.values())


def test_an_unjudged_grade_is_repeated_once_and_alone(course: Course, judge: Judge) -> None:
    judge.verdicts = {"starter": [Verdict.ERROR], "plain-503": [Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE]}
    proofs = prove(course, at_once=3)
    assert judge.rounds == [3, 1]
    assert judge.graded[-2:] == ["starter", "plain-503"]
    assert not proofs["starter"].wrong
    assert not proofs["plain-503"].judged


def test_a_wrong_verdict_is_reported_and_not_repeated(course: Course, judge: Judge) -> None:
    judge.verdicts = {"sliding-window": [Verdict.FAILED]}
    proofs = prove(course)
    assert proofs["sliding-window"].wrong == ["failed instead of passed"]
    assert judge.graded.count("sliding-window") == 1


def test_a_resumed_proof_repeats_only_wrong_verdicts(course: Course, judge: Judge) -> None:
    judge.verdicts = {"sliding-window": [Verdict.FAILED]}
    prove(course)
    judge.graded.clear()
    proofs = prove(course, resume=True)
    assert judge.graded == ["sliding-window"]
    assert proofs["starter"].earlier


class Proving:
    """`er verify` of labs 03 and 04, with output and files."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._document, self._xml = course.root / "proofs.json", course.root / "proofs.xml"
        self.jobs = jobs_of(course, [course.lab("04"), course.lab("03")], quick=False)

    def run(self, until: float = math.inf) -> int:
        printed = io.StringIO()
        verification = Verification(self._course, 1, lambda *_: None, until=until)
        code = proof_table.verify(Console(file=printed), verification, self.jobs, self._document, self._xml)
        self.last_line = printed.getvalue().splitlines()[-1]
        return code

    def skipped(self) -> tuple[list[str], list[str]]:
        """Return the skipped candidates in the JSON document and JUnit file."""
        entries = json.loads(self._document.read_text())
        cases = ET.parse(self._xml).getroot().iter("testcase")  # noqa: S314 # the program itself wrote it
        return (
            [entry["candidate"] for entry in entries if entry["verdict"] == "skipped"],
            [case.attrib["name"] for case in cases if case.find("skipped") is not None],
        )


def test_a_job_that_begins_too_late_is_listed_and_does_not_fail(course: Course, judge: Judge) -> None:
    proving = Proving(course)
    names = [job.name for job in proving.jobs]
    judge.room = len(candidates(course.lab("04"))) + 2
    assert proving.run(until=12.5) == 0
    assert judge.until == 12.5
    assert judge.graded == names[: judge.room]
    left = names[judge.room :]
    assert proving.last_line == f"The time is up. Left to the nightly run: 03-rate-limiting ({', '.join(left)})"
    assert proving.skipped() == (left, left)


def test_a_lab_without_a_job_in_time_is_listed_by_its_name(course: Course, judge: Judge) -> None:
    proving = Proving(course)
    judge.room = len(candidates(course.lab("04")))
    proving.run()
    assert proving.last_line == "The time is up. Left to the nightly run: 03-rate-limiting"


def test_a_complete_proof_mentions_no_skipped_job(course: Course, judge: Judge) -> None:
    proving = Proving(course)
    assert proving.run() == 0
    assert len(judge.graded) == len(proving.jobs)
    assert "nightly" not in proving.last_line
    assert proving.skipped() == ([], [])


@pytest.mark.parametrize(("verdict", "code"), [(Verdict.PASSED, 1), (Verdict.ERROR, 2)])
def test_only_jobs_that_began_in_time_decide_the_exit_code(
    course: Course, judge: Judge, verdict: Verdict, code: int
) -> None:
    judge.verdicts, judge.room = {"starter": [verdict]}, 1
    assert Proving(course).run() == code


@pytest.mark.parametrize("file", ["labs/03-rate-limiting/lab.toml", "services/quotes.py", "grader/evidence/checks.py"])
def test_a_resumed_proof_repeats_all_after_a_change(course: Course, judge: Judge, file: str) -> None:
    prove(course)
    judge.graded.clear()
    path = course.root / file
    path.write_text(path.read_text() + "\n# changed\n")
    prove(course, resume=True)
    assert len(judge.graded) == len(candidates(course.lab("03")))


def test_shards_are_parts_of_the_whole_without_overlap() -> None:
    whole = [job.name for job in jobs_of(HERE, [HERE.lab("03")], quick=True)]
    parts = [[job.name for job in jobs_of(HERE, [HERE.lab("03")], shard=(i, 4), quick=True)] for i in (1, 2, 3, 4)]
    assert sorted(functools.reduce(operator.iadd, parts, [])) == sorted(whole)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_only_the_fixes_that_are_named_are_graded() -> None:
    labs = [HERE.lab("03"), HERE.lab("04")]
    jobs = jobs_of(HERE, labs, ["timeout-only", "plain-503", "starter"], quick=True)
    assert [(job.lab.number, job.name) for job in jobs] == [
        ("03", "starter"),
        ("03", "plain-503"),
        ("04", "starter"),
        ("04", "timeout-only"),
    ]
    assert all((job.submission / job.lab.manifest.edit[0]).is_file() for job in jobs)
    with pytest.raises(ErError, match="the nearest is `plain-503`"):
        jobs_of(HERE, labs, ["plain-50"], quick=True)


@pytest.mark.parametrize(("text", "shard"), [("1/4", (1, 4)), ("4/4", (4, 4)), (None, None)])
def test_a_shard_is_read(text: str | None, shard: tuple[int, int] | None) -> None:
    assert read_shard(text) == shard


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "1/0", "a/b", "-1/4", "1/4/2"])
def test_an_invalid_shard_is_refused(text: str) -> None:
    with pytest.raises(ErError, match="must be I/N"):
        read_shard(text)
