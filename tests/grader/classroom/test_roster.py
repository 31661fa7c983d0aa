import csv
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from rich.console import Console

from grader.base.errors import ErError
from grader.classroom.class_row import ClassRow
from grader.classroom.roster import Roster, class_seed, grade_folder
from grader.course.course import Course
from grader.evidence.checks import State
from grader.grading import batch
from grader.grading.batch import Job, Outcome
from grader.grading.results import CheckResult, LevelResult, Results, Verdict

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
            state = State.HOLDS if verdict == "passed" else State.FAILS
            check = LAB.manifest.check[0]
            checks = [CheckResult(name=check.name, kind="share", says=check.says, wanted="", state=state, findings=[])]
            results = Results(
                lab=LAB.name,
                checks=checks,
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


def roster(folder: Path, seed: int = 7, *, thorough: bool = False) -> Roster:
    return Roster(LAB, folder, seed, folder.parent / "out", 3, thorough)


def grade(folder: Path, seed: int = 7, *, thorough: bool = False) -> list[ClassRow]:
    its = roster(folder, seed, thorough=thorough)
    its.keep()
    return its.grade(lambda *_: None)


def printed(folder: Path) -> tuple[int, str]:
    console = Console(width=120)
    with console.capture() as capture:
        code = grade_folder(console, roster(folder), ["./er", "grade", "03", "--class", "A class"])
    return code, capture.get()


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
    assert [row["points"] for row in table] == ["100", "0", "", ""]
    assert {row["seed"] for row in table} == {"7"}
    assert [bool(row.tell) for row in rows] == [False, True, True, True]
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
        grade(tmp_path)


def test_a_thorough_call_grades_again_what_stopped_early(folder: Path, judge: Judge) -> None:
    grade(folder)
    judge.graded.clear()
    grade(folder, thorough=True)
    assert {"ada", "bob"} <= {*judge.graded}
    judge.graded.clear()
    grade(folder)
    assert not {"ada", "bob"} & {*judge.graded}


def test_a_row_of_an_older_version_gets_what_it_lacks_from_the_results(folder: Path, judge: Judge) -> None:
    grade(folder)
    path = folder.parent / "out" / "bob" / "row.json"
    old = ClassRow.model_validate_json(path.read_bytes()).model_dump(
        include={"submission", "content", "verdict", "seed"}
    )
    path.write_text(json.dumps(old))
    judge.graded.clear()
    row = grade(folder)[1]
    assert "bob" not in judge.graded
    assert row.states == {LAB.manifest.check[0].name: State.FAILS}


def test_a_class_prints_a_forecast_and_how_to_grade_the_rest(folder: Path, judge: Judge) -> None:
    del judge
    code, text = printed(folder)
    assert code == 2
    assert text.startswith("4 submissions, about ")
    assert "1 passed, 1 failed, 1 inconclusive, 1 error\n" in text
    assert "what to tell them: the page has a line for each, and `./er hint 03` leads on\n" in text
    assert text.endswith("next: ./er grade 03 --class 'A class'\n")
    assert "er reset" not in text
    _, again = printed(folder)
    assert "\n2 submissions, about " in again


def test_the_page_of_a_class_lies_beside_the_results(folder: Path, judge: Judge) -> None:
    del judge
    code, text = printed(folder)
    page = (folder.parent / "out" / "class.html").read_text()
    assert f"page:  {folder.parent}/out/class.html\n" in text
    assert all(f">{name}</th>" in page for name in ("ada", "bob", "cyd", "dan")), code


def test_a_hostile_name_of_a_submission_stays_text_on_the_terminal(folder: Path, judge: Judge) -> None:
    del judge
    (folder / "bob").rename(folder / "\x1b]0;owned\x07[red]bob")
    (folder / "\x1b[2Jnotes.txt").touch()
    _, text = printed(folder)
    assert "[red]bob" in text
    assert "`notes.txt` is not graded" in text
    assert "\x1b" not in text


def test_a_name_that_is_not_unicode_has_a_row_and_results(folder: Path, judge: Judge) -> None:
    del judge
    (folder / "bob").rename(folder / os.fsdecode(b"J\xf6rg"))
    rows = {row.submission: row for row in grade(folder)}
    assert rows["J\\xf6rg"].verdict is Verdict.FAILED
    assert (folder.parent / "out" / "J\\xf6rg" / "results.json").exists()


@pytest.mark.parametrize("name", ["seed", "class.csv", "class.html"])
def test_a_submission_never_takes_the_place_of_a_file_of_the_class(folder: Path, judge: Judge, name: str) -> None:
    del judge
    class_seed(folder.parent / "out", 7)
    (folder / "bob").rename(folder / name)
    assert f"{name}-submission" in {row.submission for row in grade(folder)}
