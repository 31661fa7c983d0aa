import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from grader.base.errors import ErError
from grader.classroom.roster import ClassRow, class_seed, grade_class
from grader.course.course import Course
from grader.grading import batch
from grader.grading.batch import Job, Outcome
from grader.grading.results import LevelResult, Results, Verdict

LAB = Course.here().lab("03")


class Judge:
    """A fake of the grades, with the verdicts in the submissions."""

    def __init__(self) -> None:
        self.graded: list[str] = []
        self.rounds: list[int] = []

    def __call__(self, at_once: int, _until: float) -> "Judge":
        self.rounds.append(at_once)
        return self

    def run(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        for job in jobs:
            self.graded.append(job.name)
            verdict = (job.submission / "gateway.py").read_text().strip()
            if verdict == "nothing":
                yield Outcome(job, None, "er: it broke\n")
                continue
            level = LevelResult(says="", share=0.97, name="Elite") if verdict == "passed" else None
            results = Results(
                lab=LAB.name,
                seed=job.seed,
                began="",
                seconds=20,
                verdict=Verdict(verdict),
                level=level,
                cause="=cmd|' /C calc'!A0" if verdict == "failed" else None,
            )
            results.write(job.out)
            yield Outcome(job, results, "")


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Judge:
    judge = Judge()
    monkeypatch.setattr(batch, "Crew", judge)
    return judge


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "class"
    for name, verdict in {"ada": "passed", "bob": "failed", "cyd": "inconclusive", "dan": "nothing"}.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "gateway.py").write_text(verdict)
    return folder


def grade(folder: Path, seed: int = 7) -> list[ClassRow]:
    return grade_class(LAB, folder, seed, folder.parent / "out", 3, lambda *_: None)


def test_every_submission_has_a_row_even_a_broken_one(folder: Path, judge: Judge) -> None:
    rows = grade(folder)
    assert [(row.submission, row.verdict) for row in rows] == [
        ("ada", Verdict.PASSED),
        ("bob", Verdict.FAILED),
        ("cyd", Verdict.INCONCLUSIVE),
        ("dan", Verdict.ERROR),
    ]
    with (folder.parent / "out" / "class.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["submission"] for row in table] == ["ada", "bob", "cyd", "dan"]
    assert (table[0]["level"], table[0]["share"], table[3]["cause"]) == ("Elite", "0.970", "er: it broke")
    assert {row["seed"] for row in table} == {"7"}
    assert judge.graded == ["ada", "bob", "cyd", "dan", "cyd", "dan"], (
        "a grade without a verdict is repeated at the end"
    )
    assert judge.rounds == [3, 1], "and alone"


def test_a_formula_becomes_plain_text_in_the_table(folder: Path, judge: Judge) -> None:
    del judge
    grade(folder)
    text = (folder.parent / "out" / "class.csv").read_text()
    assert "'=cmd" in text


def test_a_later_call_keeps_verdicts_of_unchanged_submissions(folder: Path, judge: Judge) -> None:
    grade(folder)
    judge.graded.clear()
    (folder / "bob" / "gateway.py").write_text("passed\n")
    rows = grade(folder)
    assert judge.graded == ["bob", "cyd", "dan", "cyd", "dan"]
    assert [row.verdict for row in rows][:2] == [Verdict.PASSED, Verdict.PASSED]


def test_another_seed_grades_all_again(folder: Path, judge: Judge) -> None:
    grade(folder)
    judge.graded.clear()
    grade(folder, seed=8)
    assert set(judge.graded) == {"ada", "bob", "cyd", "dan"}


def test_later_calls_use_the_seed_of_the_class(tmp_path: Path) -> None:
    seed = class_seed(tmp_path / "out", None)
    assert class_seed(tmp_path / "out", None) == seed
    assert class_seed(tmp_path / "out", 5) == 5
    assert class_seed(tmp_path / "out", None) == 5


def test_a_folder_without_submissions_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "notes.txt").touch()
    with pytest.raises(ErError, match="has none"):
        grade_class(LAB, tmp_path, 7, tmp_path / "out", 1, lambda *_: None)
